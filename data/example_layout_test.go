package data_test

import (
	"fmt"
	"log"

	"github.com/seahorse-ml/seahorse/data"
)

// squares is a dataset of one's own: an image of 2×2 with its class in each row.
type squares struct{}

func (squares) Len() int { return 3 }

func (squares) Layout() data.Layout {
	return data.Layout{Targets: "class", Inputs: []data.Input{
		{Name: "image", Type: data.Float, Shape: []int{2, 2}},
		{Name: "class", Padding: -1},
	}}
}

func (squares) Fill(row data.Row, i int, _ uint64) {
	row.Floats("image")[i] = 1 // the rest is padding, 0
	row.Ints("class")[0] = int32(i % 2)
}

// Rows of any inputs. The last batch of an evaluation is filled up with padding.
func ExampleLayout() {
	batch := data.NewBatch(2, squares{}.Layout())
	for first := 0; first < 3; first += 2 {
		if err := data.FillSequential(batch, squares{}, first); err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch.Floats("image"), batch.Ints("class"), batch.Count)
	}
	// Output:
	// [1 0 0 0 0 1 0 0] [0 1] 2
	// [0 0 1 0 0 0 0 0] [0 -1] 1
}
