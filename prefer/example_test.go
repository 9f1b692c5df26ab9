package prefer_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// A language model learns by DPO that of two answers the smaller number is the better one. What it said of them before it learned is the
// reference, computed once.
func ExampleDPO() {
	config, err := models.Size{Vocab: 12, Context: 8, Layers: 1, Heads: 2, Width: 32}.Config("llama")
	if err != nil {
		log.Fatal(err)
	}
	model, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		log.Fatal(err)
	}
	policy := model.(prefer.Model)
	var pairs []prefer.Pair
	for i := range int32(60) {
		small := i % 5
		pairs = append(pairs, prefer.Pair{Prompt: []int32{11, i % 10}, Chosen: []int32{small, 10}, Rejected: []int32{small + 5, 10}})
	}
	rows, err := prefer.NewPairs(pairs, prefer.PairsConfig{})
	if err != nil {
		log.Fatal(err)
	}
	if err := rows.Precompute(context.Background(), policy, 8); err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "dpo")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c := train.DefaultConfig()
	c.Dir, c.Train, c.MaxSteps, c.Schedule.LearningRate = dir, rows, 60, 3e-3
	m := prefer.DPO{Policy: policy, Config: prefer.DefaultDPOConfig()}
	trainer, err := train.New(m, c)
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	if err := trainer.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	result, err := train.Evaluate(context.Background(), m, rows, train.EvalConfig{BatchSize: 8})
	if err != nil {
		log.Fatal(err)
	}
	share, _ := result.Figures.Get("rewards/accuracies")
	fmt.Printf("the better answer has the greater reward in %.0f of 100 pairs\n", 100*share)
	// Output: the better answer has the greater reward in 100 of 100 pairs
}
