package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// countingRanks count the bytes that a rank sends.
type countingRanks struct {
	train.Ranks
	sent *atomic.Int64
}

func (c countingRanks) count(send [][]byte) {
	for q, data := range send {
		if q != c.Rank() {
			c.sent.Add(int64(len(data)))
		}
	}
}

func (c countingRanks) Exchange(send, recv [][]byte) error {
	c.count(send)
	return c.Ranks.Exchange(send, recv)
}

func (c countingRanks) Start(send, recv [][]byte, then func() (send, recv [][]byte)) func() error {
	c.count(send)
	if then == nil {
		return c.Ranks.Start(send, recv, nil)
	}
	return c.Ranks.Start(send, recv, func() ([][]byte, [][]byte) {
		send, recv := then()
		c.count(send)
		return send, recv
	})
}

// TestAdaptersAreExchangedAlone counts the bytes of a run on two ranks that trains an adapter: they are those of its gradients and parameters, and what
// the ranks tell of their steps; the model's are many times as many.
func TestAdaptersAreExchangedAlone(t *testing.T) {
	dir := t.TempDir()
	ids := make([]int32, 400)
	for i := range ids {
		ids[i] = int32(i*i) % 61
	}
	tokens, err := data.NewTokens(ids, 61)
	if err != nil {
		t.Fatal(err)
	}
	const steps = 6
	var sent [2]atomic.Int64
	var elements, whole int
	errs := make([]error, 2)
	var all sync.WaitGroup
	for rank, r := range train.LocalRanks(2) {
		all.Go(func() {
			errs[rank] = func() error {
				c := models.DefaultGPT2Config()
				c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = 61, 16, 64, 2, 2
				m, err := models.NewGPT2(c, graph.NewParams(tensor.Float32, 7))
				if err != nil {
					return err
				}
				a, err := adapt.NewLoRA(m, adapt.LoRAConfig{Rank: 2, Alpha: 4, Targets: adapt.AllLinear(), Task: adapt.TaskCausal}, 5)
				if err != nil {
					return err
				}
				windows, err := data.NewWindows(tokens, 16)
				if err != nil {
					return err
				}
				config := train.DefaultConfig()
				config.Dir, config.Train, config.MaxSteps, config.BatchSize = filepath.Join(dir, "run"), windows, steps, 2
				config.Schedule.WarmupRatio, config.SaveSteps = 0, 0
				config.Ranks = countingRanks{r, &sent[rank]}
				if rank == 0 {
					for _, p := range a.Params() {
						elements += p.Len()
					}
					whole = int(models.CountParameters(m))
				}
				tr, err := train.New(adapt.Trained(m, a), config)
				if err != nil {
					return err
				}
				defer tr.Close()
				return tr.Run(context.Background())
			}()
			if errs[rank] != nil {
				r.Abort(errs[rank])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if whole < 10*elements {
		t.Fatalf("the adapter has %d elements of %d, expected few", elements, whole)
	}
	const small = 4096 // bytes of a step, at most, that aren't gradients or parameters
	both := int(sent[0].Load() + sent[1].Load())
	if least := steps * 2 * 4 * elements; both < least || both > least+(steps+4)*2*small {
		t.Errorf("the ranks sent %d bytes, expected %d and a little more: a gradient's sum and a new value of each of %d elements in each step", both, least, elements)
	}
}
