package inspect

import (
	"slices"
)

// window is how many records are packed together: a picture of what a run packs, which looks at all of them, in bounded memory.
const window = 20_000

// packer lets records share rows by best fit over falling lengths.
type packer struct {
	length int
	rows   []Row
	used   int64 // positions
	made   int   // rows
}

func newPacker(length int) *packer { return &packer{length: length} }

func (p *packer) add(one Row, r *Report, row func(*Row) error) error {
	p.rows = append(p.rows, one)
	if len(p.rows) < window {
		return nil
	}
	return p.flush(r, row)
}

// flush hands out the rows that the records collected so far make, each of at most length tokens; a longer record has one of its own.
func (p *packer) flush(r *Report, row func(*Row) error) error {
	order := make([]int, len(p.rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(p.rows[b].IDs) - len(p.rows[a].IDs) })
	var packed [][]int // records of each row
	open := make([][]int, p.length+1)
	for _, i := range order {
		n, at := len(p.rows[i].IDs), -1
		for room := n; room <= p.length; room++ {
			if last := len(open[room]) - 1; last >= 0 {
				at = open[room][last]
				open[room] = open[room][:last]
				n += p.length - room
				break
			}
		}
		if at < 0 {
			packed = append(packed, nil)
			at = len(packed) - 1
		}
		packed[at] = append(packed[at], i)
		if left := p.length - n; left > 0 {
			open[left] = append(open[left], at)
		}
	}
	slices.SortFunc(packed, func(a, b []int) int { return slices.Min(a) - slices.Min(b) })
	for _, members := range packed {
		slices.Sort(members)
		whole := Row{File: p.rows[members[0]].File, Line: p.rows[members[0]].Line}
		for _, i := range members {
			one := p.rows[i]
			whole.Documents = append(whole.Documents, len(whole.IDs))
			whole.IDs, whole.Learn, whole.Text = append(whole.IDs, one.IDs...), append(whole.Learn, one.Learn...), whole.Text+one.Text
		}
		p.used += int64(len(whole.IDs))
		p.made++
		if err := r.emit(&whole, row); err != nil {
			return err
		}
	}
	p.rows = p.rows[:0]
	if p.made > 0 {
		r.Padding = max(0, 1-float64(p.used)/float64(p.made*p.length))
	}
	return nil
}
