package runlog

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, text string) *Metrics {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	write(t, path, text)
	m, err := ReadMetrics(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestReadMetrics(t *testing.T) {
	for _, c := range []struct {
		name, text string
		steps      []int64 // of the loss
		damaged    int
	}{
		{"nothing", "", nil, 0},
		{"whole lines", "{\"step\":1,\"loss\":4}\n{\"step\":2,\"loss\":3}\n", []int64{1, 2}, 0},
		{"spaces and other keys", " { \"step\" : 1 , \"loss\" : 4e0, \"who\": \"me\", \"list\": [1, {\"a\": 2}] }\r\n", []int64{1}, 0},
		{"the last line is cut short", "{\"step\":1,\"loss\":4}\n{\"step\":2,\"lo", []int64{1}, 0},
		{"a damaged line between", "{\"step\":1,\"loss\":4}\n{\"step\":2,\"lo\n{\"step\":3,\"loss\":4}\n", []int64{1, 3}, 1},
		{"no numbers", "{\"step\":1,\"loss\":NaN}\nnull\n[]\n1\n{}\n{\"step\":2.5,\"loss\":1}\n{\"step\":-1,\"loss\":1}\n", nil, 7},
		{"hexadecimal is no JSON", "{\"step\":1,\"loss\":0x1p3}\n{\"step\":2,\"loss\":Inf}\n", nil, 2},
		{"the run went on from an earlier step", "{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":1}\n{\"step\":3,\"loss\":1}\n{\"step\":2,\"loss\":1}\n", []int64{1, 2}, 0},
		{"a key twice", "{\"step\":1,\"loss\":1,\"loss\":2}\n", []int64{1}, 0},
		{"null", "{\"step\":1,\"loss\":null}\n{\"step\":2,\"loss\":3}\n", []int64{2}, 0},
	} {
		m := read(t, c.text)
		var steps []int64
		if s := m.Get("loss"); s != nil {
			steps = s.Steps
		}
		if !slices.Equal(steps, c.steps) || m.Damage.Lines != c.damaged {
			t.Errorf("%s: losses of the steps %v and %d damaged lines, expected %v and %d", c.name, steps, m.Damage.Lines, c.steps, c.damaged)
		}
	}
	if m, err := ReadMetrics(filepath.Join(t.TempDir(), "none")); err != nil || len(m.All()) != 0 {
		t.Errorf("a file that isn't there: %v, %v", m.All(), err)
	}
}

// TestUpdate reads a file as it grows, and one that was made anew.
func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	m := NewMetrics(path)
	text := ""
	for step := 1; step <= 20; step++ {
		line := fmt.Sprintf("{\"step\":%d,\"loss\":%d}\n", step, step)
		half := len(line) / 2
		write(t, path, text+line[:half])
		if changed, err := m.Update(); changed || err != nil {
			t.Fatalf("step %d: half a line: %v, %v", step, changed, err)
		}
		text += line
		write(t, path, text)
		if changed, err := m.Update(); !changed || err != nil || m.Step != int64(step) {
			t.Fatalf("step %d: the whole line: %v, %v, last step %d", step, changed, err, m.Step)
		}
	}
	other := path + ".new"
	write(t, other, "{\"step\":1,\"loss\":7}\n")
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if changed, err := m.Update(); !changed || err != nil || m.Step != 1 || m.Get("loss").Points() != 1 {
		t.Errorf("a new file: %v, %v, last step %d", changed, err, m.Step)
	}
}

// TestParse compares the quick way with encoding/json on what trainers write.
func TestParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.StringMatching(`[a-z_/]{1,8}`), rapid.Float64(), 0, 6).Draw(t, "numbers")
		for k, v := range want {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				delete(want, k)
			}
		}
		line, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var quick, whole lineParser
		if len(want) > 0 && !quick.plain(line) {
			t.Fatalf("%s isn't read the quick way", line)
		}
		if !whole.any(line) {
			t.Fatalf("%s isn't read", line)
		}
		for _, entries := range [][]entry{quick.entries, whole.entries} {
			if len(entries) != len(want) {
				t.Fatalf("%s: %d entries", line, len(entries))
			}
			for _, e := range entries {
				if want[string(e.key)] != e.value {
					t.Fatalf("%s: %s is %v", line, e.key, e.value)
				}
			}
		}
	})
}

func FuzzMetrics(f *testing.F) {
	f.Add([]byte("{\"step\":1,\"loss\":2.5}\n{\"step\":2}\n"))
	f.Add([]byte("{\"step\":1,\"a\\u0062\":[1]}\n{\"st"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "m")
		write(t, path, string(text))
		m, err := ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.All() {
			if len(s.Steps) != len(s.Values) || !slices.IsSorted(s.Steps) {
				t.Fatalf("%q: steps %v, values %v", s.Name, s.Steps, s.Values)
			}
			for i := 1; i < len(s.Steps); i++ {
				if s.Steps[i] == s.Steps[i-1] {
					t.Fatalf("%q: step %d twice", s.Name, s.Steps[i])
				}
			}
		}
	})
}

func series(n int, value func(i int) float64) *Series {
	s := &Series{Name: "x"}
	for i := range n {
		s.Steps, s.Values = append(s.Steps, int64(10*i)), append(s.Values, value(i))
	}
	return s
}

// TestThin keeps the ends, a spike and a dip, and no more points than asked for.
func TestThin(t *testing.T) {
	s := series(100000, func(i int) float64 {
		switch i {
		case 31415:
			return 100
		case 77777:
			return -100
		}
		return math.Sin(float64(i) / 1000)
	})
	for _, most := range []int{4, 5, 100, 2000} {
		thin := s.Thin(most)
		if n := thin.Points(); n > most || thin.Steps[0] != 0 || thin.Steps[n-1] != 999990 || !slices.IsSorted(thin.Steps) {
			t.Errorf("%d: %d points from %d to %d", most, n, thin.Steps[0], thin.Steps[n-1])
		}
		if thin.Values[thin.Highest()] != 100 || thin.Values[thin.Lowest()] != -100 {
			t.Errorf("%d: from %v to %v, expected the spikes", most, thin.Values[thin.Lowest()], thin.Values[thin.Highest()])
		}
		if every := s.Every(most); every.Points() != most || every.Steps[most-1] != 999990 {
			t.Errorf("%d: every: %d points to %d", most, every.Points(), every.Steps[most-1])
		}
	}
	if short := series(4, func(i int) float64 { return 1 }); short.Thin(4) != short || short.Every(4) != short {
		t.Error("a short series is changed")
	}
}

func TestSmooth(t *testing.T) {
	flat := series(1000, func(int) float64 { return 3 }).Smooth()
	for i, v := range flat.Values {
		if math.Abs(v-3) > 1e-12 {
			t.Fatalf("point %d of a flat line is %v", i, v)
		}
	}
	step := series(1000, func(i int) float64 { return float64(i / 500) }).Smooth() // half a hundredth of the points later half of it is gone
	if got := step.Values[509]; math.Abs(got-0.5) > 1e-3 {
		t.Errorf("ten points behind a leap the mean is %v, expected 0.5", got)
	}
}

func TestRange(t *testing.T) {
	s := series(10, func(i int) float64 { return float64(i) })
	for _, c := range []struct {
		from, to int64
		want     int
	}{{0, 90, 10}, {5, 25, 2}, {10, 10, 1}, {95, 200, 0}, {50, 40, 0}} {
		if got := s.Range(c.from, c.to).Points(); got != c.want {
			t.Errorf("from %d to %d: %d points, expected %d", c.from, c.to, got, c.want)
		}
	}
}

func TestAppender(t *testing.T) {
	path := filepath.Join(t.TempDir(), "samples.jsonl")
	a, err := NewAppender(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	for step := int64(1); step <= 3; step++ {
		if err := a.Append(Sample{step, "text\n" + strings.Repeat("诗", 3)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	write(t, path, string(raw)+"{\"step\":4,\"te") // as a kill leaves it
	if lines, damage, err := ReadLines[Sample](path, false); err != nil || len(lines) != 3 || damage.Lines != 1 || damage.First != 4 {
		t.Errorf("%d lines, %v, %v", len(lines), damage, err)
	}
	if a, err = NewAppender(path, 3); err != nil { // goes on from step 2
		t.Fatal(err)
	}
	if err := a.Append(Sample{3, "again"}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	lines, damage, err := ReadLines[Sample](path, false)
	if err != nil || damage.Lines != 0 || len(lines) != 3 || lines[2].Text != "again" {
		t.Errorf("gone on: %v, %v, %v", lines, damage, err)
	}
}

func TestReadLinesRepeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, path, "{\"step\":1,\"text\":\"a\"}\n{\"step\":5,\"text\":\"b\"}\n{\"step\":5,\"text\":\"c\"}\n")
	for repeated, want := range map[bool]int{false: 2, true: 3} {
		if lines, _, err := ReadLines[Sample](path, repeated); err != nil || len(lines) != want {
			t.Errorf("repeated %v: %d lines, %v, expected %d", repeated, len(lines), err, want)
		}
	}
}
