package train_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// levelRun is the environment variable by which the test's binary is asked to train and to print what came of it.
const levelRun = "SEAHORSE_TEST_LEVEL_RUN"

// trainedSum is the sum of all parameters' bits after the training below with AVX2, AVX-512 or NEON. A change of it is a change of what the same
// seed gives, which belongs in the CHANGELOG.
const trainedSum = "f31d43a5d633258f"

// TestLevelsTrainTheSameBits trains two small models, with dropout, on each set of instructions that this processor has. All but plain Go, whose sums have
// another order and whose exponentials are rounded otherwise, give the same bits, whichever processor it is.
func TestLevelsTrainTheSameBits(t *testing.T) {
	if os.Getenv(levelRun) != "" {
		sum, loss, err := trainSmall()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("trained %s %.9g\n", sum, loss)
		return
	}
	losses := map[cpu.Level]float64{}
	for _, level := range []cpu.Level{cpu.Generic, cpu.AVX2, cpu.AVX512, cpu.NEON} {
		if !cpu.Has(level) {
			continue
		}
		args := append(strings.Fields(os.Getenv("SEAHORSE_EMULATED")), os.Args[0], "-test.run=^TestLevelsTrainTheSameBits$") // the emulator, if there is one
		command := exec.Command(args[0], args[1:]...)
		command.Env = append(os.Environ(), levelRun+"=1", cpu.Variable+"="+level.String())
		out, err := command.CombinedOutput()
		_, line, _ := strings.Cut(string(out), "trained ")
		var sum string
		var loss float64
		if n, _ := fmt.Sscan(line, &sum, &loss); err != nil || n != 2 {
			t.Fatalf("%v: %v\n%s", level, err, out)
		}
		if level != cpu.Generic && sum != trainedSum {
			t.Errorf("%v: the sum is %s, want %s", level, sum, trainedSum)
		}
		losses[level] = loss
	}
	for level, loss := range losses {
		if want := losses[cpu.Generic]; math.Abs(loss-want) > 1e-5*want {
			t.Errorf("%v: the loss is %.9g, and %.9g in plain Go", level, loss, want)
		}
	}
}

// trainSmall makes five steps with each of two models, and returns the sum of their parameters and of the last losses.
func trainSmall() (sum string, loss float64, err error) {
	gpt2 := models.DefaultGPT2Config()
	gpt2.VocabSize, gpt2.NPositions, gpt2.NEmbd, gpt2.NLayer, gpt2.NHead = 61, 40, 48, 2, 3
	llama := models.DefaultLlamaConfig()
	llama.VocabSize, llama.HiddenSize, llama.IntermediateSize, llama.NumLayers, llama.NumHeads, llama.NumKVHeads, llama.MaxPositions = 61, 64, 100, 2, 4, 2, 40
	llama.AttentionDropout = 0.1
	total := sha256.New()
	for _, c := range []models.Config{gpt2, llama} {
		p := graph.NewParams(tensor.Float32, 3)
		m, err := models.New(c, p)
		if err != nil {
			return "", 0, err
		}
		last, err := fiveSteps(m.(train.Model))
		if err != nil {
			return "", 0, err
		}
		loss += last
		for _, param := range m.Params() {
			for _, v := range param.Value().Data().([]float32) {
				total.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
			}
		}
	}
	return fmt.Sprintf("%x", total.Sum(nil)[:8]), loss, nil
}

func fiveSteps(m train.Model) (loss float64, err error) {
	const rows, length = 3, 37
	ids := make([]int32, 2000)
	for i := range ids {
		ids[i] = int32(i*i/7+i) % 61
	}
	tokens, err := data.NewTokens(ids, 61)
	if err != nil {
		return 0, err
	}
	windows, err := data.NewWindows(tokens, length)
	if err != nil {
		return 0, err
	}
	s, err := train.NewStepper(m, train.StepperConfig{Rows: rows, Layout: windows.Layout(), Accumulation: 1, Seed: 5})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	for step := range 5 {
		if err := data.FillSequential(s.Batches()[0], windows, rows*step); err != nil {
			return 0, err
		}
		r, err := s.Step(context.Background(), 1e-3)
		if err != nil {
			return 0, err
		}
		loss = r.Loss
	}
	return loss, nil
}
