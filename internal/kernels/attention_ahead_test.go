package kernels

import "testing"

// TestRowsAhead takes all that is in a queue, tile by tile: each line of each row must be asked for once.
func TestRowsAhead(t *testing.T) {
	const size, ld = 48, 50
	for _, depth := range []int{16, 32, 64} {
		var q rowsAhead[float32]
		var parts [][]float32
		for _, rows := range []int{64, 0, 64, 32} {
			x := make([]float32, 64*ld)
			q.add(x, rows, ld)
			if rows > 0 {
				parts = append(parts, x[:rows*ld])
			}
		}
		for {
			next, row, step := q.take(depth, size)
			if next == nil {
				break
			}
			for k := range depth { // what a tile asks for
				if at := k/stepsAhead*step + k%stepsAhead*row; at < len(next) {
					next[at]++
				}
			}
		}
		for p, x := range parts {
			for i, got := range x {
				want := float32(0)
				if i%ld < size && i%ld%lineElements == 0 {
					want = 1
				}
				if got != want {
					t.Fatalf("depth %d: element %d of row %d of part %d is asked for %v times, want %v", depth, i%ld, i/ld, p, got, want)
				}
			}
		}
	}
	var q rowsAhead[float32]
	for range 2 * len(q.parts) {
		q.add(make([]float32, 1), 1, 1) // more than there is room for
	}
	if q.last != len(q.parts) {
		t.Errorf("%d parts wait, want %d", q.last, len(q.parts))
	}
}
