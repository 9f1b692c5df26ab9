package track

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/train"
)

// TestCSV writes a table in two parts, the second of which makes steps again and has a column more.
func TestCSV(t *testing.T) {
	dir := t.TempDir()
	part := func(from, to int, figure string) {
		t.Helper()
		c := NewCSV(dir)
		for n := from; n <= to; n++ {
			e := step(n)
			e.Figures = train.Figures{{Name: figure, Value: float64(n) / 2}}
			if n%2 == 0 {
				loss := 0.25
				e.EvalLoss, e.EvalFigures = &loss, train.Figures{{Name: "accuracy", Value: 1}}
			}
			if err := c.Step(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.End(train.EndEvent{}); err != nil {
			t.Fatal(err)
		}
	}
	part(1, 3, "a,b")
	path := filepath.Join(dir, CSVName)
	raw, _ := os.ReadFile(path)
	if err := os.WriteFile(path, append(raw, "4,1,"...), 0o644); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	part(3, 4, "c")
	got, err := os.ReadFile(path)
	want := `step,loss,grad_norm,learning_rate,rows,rows_per_second,"a,b",eval_loss,eval_accuracy,c
1,1,0,0,0,0,0.5,,,
2,1,0,0,0,0,1,0.25,1,
3,1,0,0,0,0,,,,1.5
4,1,0,0,0,0,,0.25,1,2
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nexpected\n%s", err, got, want)
	}
}
