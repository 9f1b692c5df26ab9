package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// some is a dictionary of a few lines in the format of the real one.
const some = `"CLOSE-QUOTE  K L OW1 Z
AB  AE1 B
AB(1)  EY1 B IY1
BA  B AA1
CAB  K AE1 B

CAB'S  K AE1 B Z
`

func TestReadDictionary(t *testing.T) {
	words, leftOut, err := readDictionary(strings.NewReader(some), "some")
	if err != nil || leftOut != 1 {
		t.Fatalf("%d lines are left out, %v", leftOut, err)
	}
	if got, want := fmt.Sprint(words), "[{AB [[AE1 B] [EY1 B IY1]]} {BA [[B AA1]]} {CAB [[K AE1 B]]} {CAB'S [[K AE1 B Z]]}]"; got != want {
		t.Errorf("got %s, expected %s", got, want)
	}
	for text, want := range map[string]string{"A  AH0\nB\n": `some:2: "B" has no phonemes`, "": "no words", "%  P ER0 S EH1 N T": "no words"} {
		if _, _, err := readDictionary(strings.NewReader(text), "some"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, expected %q", text, err, want)
		}
	}
}

func TestScore(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"A B C", "A B C", 0}, {"A B C", "A C", 1}, {"A C", "A B C", 1}, {"A B C", "A X C", 1}, {"", "A B", 2}, {"A B", "C D E", 3}} {
		if got := editDistance(strings.Fields(c.a), strings.Fields(c.b)); got != c.want {
			t.Errorf("from %q to %q: %d, expected %d", c.a, c.b, got, c.want)
		}
	}
	var s score
	variants := [][]string{{"AE1", "B"}, {"EY1", "B", "IY1"}}
	s.add([]string{"EY1", "B", "IY1"}, variants) // the second
	s.add([]string{"AE0", "B"}, variants)        // right but for the stress
	s.add([]string{"B"}, variants)
	if s != (score{words: 3, wrong: 2, phonemes: 7, errors: 2, plainErrors: 1, plainWrong: 1}) {
		t.Errorf("got %+v", s)
	}
}

func TestSplit(t *testing.T) {
	var words []word
	for i := range 1000 {
		words = append(words, word{spelling: fmt.Sprint(i)})
	}
	training, watched, test := split(words, 1)
	if len(training) != 940 || len(watched) != 10 || len(test) != 50 {
		t.Errorf("%d, %d and %d words", len(training), len(watched), len(test))
	}
	var all []string
	for _, w := range slices.Concat(training, watched, test) {
		all = append(all, w.spelling)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 1000 {
		t.Error("a word is in two parts")
	}
	if again, _, _ := split(words, 1); again[0].spelling != training[0].spelling {
		t.Error("the same seed splits in another way")
	}
}

// dictionary writes words of two to eleven letters, said as they are spelled.
func dictionary(t *testing.T) (path string) {
	t.Helper()
	var lines strings.Builder
	for i := range 60 {
		a, b := string(rune('A'+i%10)), string(rune('A'+i/10))
		fmt.Fprintf(&lines, "%s%s  %s%s\n", a, strings.Repeat(b, 1+i%10), a+"0", strings.Repeat(" "+b+"0", 1+i%10))
	}
	path = filepath.Join(t.TempDir(), "dict.txt")
	if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLearn makes a run of a few steps, which pronounces words and draws its curve.
func TestLearn(t *testing.T) {
	o := options{data: dictionary(t), dir: filepath.Join(t.TempDir(), "run"), steps: 4, seed: 1}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"56 words to learn from, 1 to watch the training by, 3 for the test", "step 4: 1 words: phoneme error rate", "test on 3 words"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing of %q in\n%s", want, out.String())
		}
	}
	drawn, err := os.ReadFile(filepath.Join(o.dir, chartName))
	if err != nil || strings.Count(string(drawn), "<circle") != 8 {
		t.Errorf("the chart has not four points on each curve: %v", err)
	}
	for d := xml.NewDecoder(bytes.NewReader(drawn)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	out.Reset()
	if err := run(t.Context(), options{dir: o.dir, words: []string{"ab", "ba"}}, &out); err != nil || !strings.HasPrefix(out.String(), "AB  ") {
		t.Errorf("said %q, %v", out.String(), err)
	}
	if err := run(t.Context(), options{dir: o.dir, words: []string{"ñ"}}, &out); err == nil || !strings.Contains(err.Error(), "the letter") {
		t.Errorf("error %v for a letter that no word has", err)
	}
}

// stopper cancels a context once a text has been written.
type stopper struct {
	at   string
	stop context.CancelFunc
}

func (s stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.stop()
	}
	return len(p), nil
}

// TestGoOn stops a run and goes on: the model and the curve are those of a run that wasn't stopped.
func TestGoOn(t *testing.T) {
	o := options{data: dictionary(t), steps: 4, seed: 1}
	whole, stopped := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "stopped")
	o.dir = whole
	if err := run(t.Context(), o, io.Discard); err != nil {
		t.Fatal(err)
	}
	o.dir = stopped
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := run(ctx, o, stopper{"step 2: 1 words", cancel}); err == nil || !strings.Contains(err.Error(), "stopped at step 2 of 4") {
		t.Fatalf("error %v of a run that was stopped", err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil || !strings.Contains(out.String(), "going on from") {
		t.Fatalf("error %v; the run wrote\n%s", err, out.String())
	}
	for _, name := range []string{"model.safetensors", curveName, chartName} {
		want, err := os.ReadFile(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(stopped, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s isn't that of a run that wasn't stopped: %v", name, err)
		}
	}
}

// TestAddPoint goes back to an earlier step.
func TestAddPoint(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []point{{10, 1, 1}, {20, 0.5, 1}, {30, 0.25, 0.5}, {20, 0.125, 0.75}} {
		if err := addPoint(dir, p); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readCurve(filepath.Join(dir, curveName)); err != nil || !slices.Equal(got, []point{{10, 1, 1}, {20, 0.125, 0.75}}) {
		t.Errorf("the curve is %v, %v", got, err)
	}
}
