package train

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/layers"
)

func TestMetricsAreCutAtTheStep(t *testing.T) {
	const lines = `{"step":1,"loss":3}` + "\n" + `{"step":10,"loss":2}` + "\n" + `{"step":20,"loss":1}` + "\n"
	for _, test := range []struct {
		old  string
		step int
		want string
	}{
		{lines, 20, lines},
		{lines, 100, lines},
		{lines, 19, lines[:41]},
		{lines, 0, ""},
		{lines + `{"step":30,"lo`, 30, lines},
		{lines + "\x00\x00\n" + `{"step":30}` + "\n", 30, lines},
		{"", 5, ""},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, MetricsName)
		if err := os.WriteFile(path, []byte(test.old), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := openMetrics(dir, test.step, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.write(Metrics{Step: 50, Unit: layers.PerToken}); err != nil {
			t.Fatal(err)
		}
		f.close()
		got, err := os.ReadFile(path)
		want := test.want + `{"step":50,"loss":0,"grad_norm":0,"learning_rate":0,"tokens":0,"tokens_per_second":0}` + "\n"
		if err != nil || string(got) != want {
			t.Errorf("up to %d:\n%s\nwant\n%s", test.step, got, want)
		}
	}
}

func FuzzLinesUpTo(f *testing.F) {
	f.Add([]byte(`{"step":1}`+"\n"+`{"step":2}`+"\n"), 1)
	f.Add([]byte("\n\n{"), 3)
	f.Fuzz(func(t *testing.T, lines []byte, step int) {
		kept := linesUpTo(lines, step)
		if !bytes.HasPrefix(lines, kept) || len(kept) > 0 && kept[len(kept)-1] != '\n' {
			t.Errorf("kept %q of %q", kept, lines)
		}
		if again := linesUpTo(kept, step); !bytes.Equal(again, kept) {
			t.Errorf("kept %q, then %q", kept, again)
		}
	})
}
