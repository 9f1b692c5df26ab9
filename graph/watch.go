package graph

// A Watched is what an operation of the forward pass gave in a run.
type Watched struct {
	Op    string // the operation, such as linear
	Near  string // the parameter that it reads, or the nearest before it; "" without
	Shape []int
	Units bool // the last dimension is that of a layer's units behind their activation, whatever the others are
	Block int  // of which block of the trace it is the result, counted from 1; 0 for what is inside of one, or in none (Graph.Blocks)

	// The elements, of the trace's type; they hold until the call returns.
	Float32 []float32
	Float64 []float64
}

// RunWatched is RunAll, and calls f with the results of the operations that people look at: projections, norms, activations, attention,
// embeddings and blocks. Each is told once, blocks that are computed again in the backward pass aside. It computes the same bits as RunAll.
func (m *Machine) RunWatched(f func(Watched)) error {
	if m.watched == nil {
		m.findWatched()
	}
	i := -1
	return m.runAll(func(r *runner) bool {
		i++
		if w, ok := m.watched[i]; ok {
			w.Float32, w.Float64 = r.result.f32, r.result.f64
			f(w)
		}
		return true
	})
}

// findWatched finds the steps whose results are told.
func (m *Machine) findWatched() {
	m.watched = map[int]Watched{}
	seen := map[*Node]bool{}
	for i := range m.steps {
		r := &m.steps[i]
		if r.node == nil || seen[r.node] || len(r.result.f32)+len(r.result.f64) < 2 {
			continue
		}
		w := Watched{Op: r.name, Shape: r.node.Shape()}
		if op, ok := r.node.Op().(fused); ok { // whose node has a shape for all of its results
			w.Shape = op.header().outs[0]
		}
		for k, b := range m.g.blocks {
			if b.Out == r.node {
				w.Block = k + 1
			}
		}
		switch r.node.Op().(type) {
		case *activateOp, *gateOp:
			w.Units = true
		case *linearOp, *groupedOp, *normOp, *embeddingOp, *attentionOp, *cellAttentionOp:
		default:
			if w.Block == 0 {
				continue
			}
		}
		seen[r.node] = true
		w.Near = m.nearest(r.node)
		m.watched[i] = w
	}
}
