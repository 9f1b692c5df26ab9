package train

import (
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
)

// A lookup is a table whose gradient passes find in two parts: the rows that are looked up come last (graph.Lookup).
type lookup struct {
	table *graph.Param
	names []string // of the inputs that name the rows
}

// rows returns how many rows the table has.
func (l lookup) rows() int { return l.table.Shape[0] }

// lookupsOf returns the tables of a pass whose rows inputs of its batches name.
func lookupsOf(of []graph.Lookup, in *inputs) (all []lookup) {
	for _, found := range of {
		l := lookup{table: found.Param}
		for name, n := range in.nodes.In {
			if slices.Contains(found.IDs, n) {
				l.names = append(l.names, name)
			}
		}
		if slices.Sort(l.names); len(l.names) == len(found.IDs) {
			all = append(all, l)
		}
	}
	return all
}

// sharedLookups returns those that all passes have.
func (s *Stepper) sharedLookups() []lookup {
	last := &s.passes[len(s.passes)-1]
	all := lookupsOf(last.machine.Lookups(), &last.inputs)
	for i := range s.passes {
		of := lookupsOf(s.passes[i].machine.Lookups(), &s.passes[i].inputs)
		all = slices.DeleteFunc(all, func(l lookup) bool {
			return !slices.ContainsFunc(of, func(o lookup) bool { return o.table == l.table && slices.Equal(o.names, l.names) })
		})
	}
	return all
}

// tables returns the parameters of lookups.
func tables(all []lookup) (params []*graph.Param) {
	for _, l := range all {
		params = append(params, l.table)
	}
	return params
}

// rowsOf returns the rows of each lookup that a batch looks up.
func (s *Stepper) rowsOf(b *data.Batch) (all []exchange.Rows) {
	for _, l := range s.ranks.lookups {
		rows := exchange.NewRows(l.rows())
		for _, name := range l.names {
			for _, id := range b.Ints(name) {
				if id >= 0 && int(id) < l.rows() {
					rows.Add(int(id))
				}
			}
		}
		all = append(all, rows)
	}
	return all
}

// worthwhile returns the rows of each lookup that any rank looks up, or nil if it isn't worth it to exchange the tables in two parts.
func (s *Stepper) worthwhile(rows []exchange.Rows) []exchange.Rows {
	for i, l := range s.ranks.lookups {
		if !rows[i].Worthwhile(l.rows()) {
			return nil
		}
	}
	return rows
}
