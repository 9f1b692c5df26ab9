package exchange

import (
	"fmt"
	"testing"
)

// expression writes a tree over micro-batches as a sum in parentheses.
func expression(n, first int) string {
	if n == 1 {
		return fmt.Sprint(first)
	}
	return "(" + expression(split(n), first) + "+" + expression(n-split(n), first+split(n)) + ")"
}

func TestTree(t *testing.T) {
	for n, want := range map[int]string{1: "0", 2: "(0+1)", 3: "((0+1)+2)", 4: "((0+1)+(2+3))", 7: "(((0+1)+(2+3))+((4+5)+6))", 9: "((((0+1)+(2+3))+((4+5)+(6+7)))+8)"} {
		if got := expression(n, 0); got != want {
			t.Errorf("%d micro-batches: %s, expected %s", n, got, want)
		}
	}
}

// TestBranchesOfRanksMakeTheTree follows the additions of each rank, and then those among ranks, for all ways to divide a step.
func TestBranchesOfRanksMakeTheTree(t *testing.T) {
	for n := 1; n <= 24; n++ {
		for ranks := 1; ranks <= n; ranks++ {
			if n%ranks != 0 {
				continue
			}
			each := n / ranks
			sums := map[Branch]string{}
			for rank := range ranks {
				of := Branches(n, rank*each, (rank+1)*each)
				adds, depth := Additions(of)
				var aside []string
				for i, add := range adds {
					sum := fmt.Sprint(rank*each + i)
					for range add {
						sum = "(" + aside[len(aside)-1] + "+" + sum + ")"
						aside = aside[:len(aside)-1]
					}
					aside = append(aside, sum)
					if i < len(adds)-1 && len(aside) > depth {
						t.Fatalf("%d ranks of %d: %d sums wait, expected %d at most", ranks, each, len(aside), depth)
					}
				}
				if len(aside) != len(of) || each&(each-1) == 0 && len(of) != 1 {
					t.Fatalf("%d ranks of %d: rank %d has %d sums of %d branches", ranks, each, rank, len(aside), len(of))
				}
				for i, b := range of {
					sums[b] = aside[i]
				}
			}
			var all func(b Branch) string
			all = func(b Branch) string {
				if s, ok := sums[b]; ok {
					return s
				}
				p := split(b.Count)
				return "(" + all(Branch{b.First, p}) + "+" + all(Branch{b.First + p, b.Count - p}) + ")"
			}
			if got, want := all(Branch{0, n}), expression(n, 0); got != want {
				t.Errorf("%d ranks of %d: %s, expected %s", ranks, each, got, want)
			}
		}
	}
}
