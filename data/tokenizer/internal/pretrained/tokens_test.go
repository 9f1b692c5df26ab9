package pretrained

import (
	"testing"

	"pgregory.net/rapid"
)

// TestTakenIDs takes ids as a search from each on would.
func TestTakenIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.Int32Range(0, 12), 0, 60).Draw(t, "ids")
		taken, seen := takenIDs{}, map[int32]bool{}
		for _, id := range ids {
			want := id
			for seen[want] {
				want++
			}
			seen[want] = true
			if got := taken.take(id); got != want {
				t.Fatalf("%d: got %d, expected %d", id, got, want)
			}
		}
	})
}
