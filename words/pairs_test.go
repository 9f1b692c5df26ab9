package words

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// TestPairsOnDisk learns the same bits by GloVe whatever the memory that pairs may take, on any number of threads, and leaves no file behind.
func TestPairsOnDisk(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	texts := textsOf(themes(700) + strings.Repeat("sun bread moon butter star cheese\n", 5))
	v, err := CountWords(texts, Letters, 1)
	if err != nil {
		t.Fatal(err)
	}
	g := DefaultGloVeConfig()
	g.Dim, g.Epochs = 9, 3
	near, err := CountCooccurrence(texts, Letters, v, CooccurrenceConfig{Window: 4})
	if err != nil {
		t.Fatal(err)
	}
	want, wantLoss, err := near.GloVe(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	for _, most := range []int64{0, 1, 7, 50, 1000} { // pairs; with one there are more files than are kept
		for _, threads := range []int{1, 3} {
			parallel.SetWorkers(threads)
			dir := t.TempDir()
			p, err := CountPairs(texts, Letters, v, PairsConfig{CooccurrenceConfig{Window: 4}, most * pairBytes, dir})
			if err != nil {
				t.Fatal(err)
			}
			if onDisk := len(p.runs.files) > 0; onDisk != (most > 0 && most < 1000) {
				t.Errorf("room for %d pairs: %d files", most, len(p.runs.files))
			}
			got, loss, err := p.GloVe(context.Background(), g)
			if err != nil {
				t.Fatal(err)
			}
			if loss != wantLoss || !slices.Equal(got.Values, want.Values) {
				t.Errorf("room for %d pairs, %d threads: other bits, loss %v beside %v", most, threads, loss, wantLoss)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		}
	}
}

func TestPairsThatFail(t *testing.T) {
	texts := textsOf(themes(20))
	v, err := CountWords(texts, Letters, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []PairsConfig{{}, {CooccurrenceConfig: CooccurrenceConfig{Window: 2, Weighting: 9}}, {CooccurrenceConfig: CooccurrenceConfig{Window: 2}, Memory: 5}, {CooccurrenceConfig: CooccurrenceConfig{Window: 2}, Memory: -1, Dir: "x"}} {
		if _, err := CountPairs(texts, Letters, v, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := CountPairs(texts, Letters, v, PairsConfig{CooccurrenceConfig{Window: 2}, 1, file}); err == nil || !strings.Contains(err.Error(), "pairs") {
		t.Errorf("files below a file: %v", err)
	}
	if _, err := CountPairs(textsOf("sun\nmoon\n"), Letters, v, PairsConfig{CooccurrenceConfig: CooccurrenceConfig{Window: 2}}); !errors.Is(err, ErrNoWords) {
		t.Errorf("words alone on their lines: %v", err)
	}
	p, err := CountPairs(texts, Letters, v, PairsConfig{CooccurrenceConfig{Window: 2}, 20 * pairBytes, t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ended, end := context.WithCancel(context.Background())
	end()
	if _, _, err := p.GloVe(ended, DefaultGloVeConfig()); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	if err := p.runs.files[0].Truncate(recordBytes + 5); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.GloVe(context.Background(), DefaultGloVeConfig()); err == nil || !strings.Contains(err.Error(), ".pairs-") {
		t.Errorf("a file that was cut: %v", err)
	}
}
