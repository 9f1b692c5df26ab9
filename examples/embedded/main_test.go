package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/train"
)

func TestStopAndGoOn(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), t.TempDir(), 50*time.Millisecond, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stopped after step", "validation loss", "\nshe sells "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %q in\n%s", want, out.String())
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	err := run(ctx, t.TempDir(), time.Hour, &out)
	var interrupted *train.Interrupted
	if !errors.As(err, &interrupted) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v after\n%s", err, out.String())
	}
}
