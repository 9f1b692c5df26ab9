package reward_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/seahorse-ml/seahorse/reward"
)

func Example() {
	polite := reward.Func{Title: "polite", Judge: func(_ context.Context, s reward.Sample) (float64, error) {
		if strings.Contains(s.Answer, "please") {
			return 1, nil
		}
		return 0, nil
	}}
	checkers := reward.Weighted{Checkers: []reward.Checker{reward.Numeric{}, polite}, Weights: []float64{1, 0.5}}
	rewards, by, err := checkers.Rewards(context.Background(), []reward.Sample{
		{Prompt: "What is 6*7?", Answer: "It makes 42.", Expected: "42"},
		{Prompt: "What is 6*7?", Answer: "Ask again, please.", Expected: "42"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(checkers.Names(), by, rewards)
	// Output: [numeric polite] [[1 0] [0 1]] [1 0.5]
}
