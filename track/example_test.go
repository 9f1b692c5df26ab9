package track_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/track"
	"github.com/seahorse-ml/seahorse/train"
)

// A trainer tells its callbacks of its steps, train.Config{Dir: dir, Callbacks: []train.Callback{track.NewCSV(dir)}}; here they are told by hand.
func ExampleCSV() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	table := track.NewCSV(dir)
	for step := 1; step <= 2; step++ {
		e := train.StepEvent{Metrics: train.Metrics{Step: step, Loss: 1 / float64(step)}, Logged: true}
		if err := table.Step(e); err != nil {
			log.Fatal(err)
		}
	}
	if err := table.End(train.EndEvent{}); err != nil {
		log.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, track.CSVName))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(written))
	// Output:
	// step,loss,grad_norm,learning_rate,rows,rows_per_second
	// 1,1,0,0,0,0
	// 2,0.5,0,0,0,0
}
