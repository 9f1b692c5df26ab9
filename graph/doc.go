// Package graph puts the operations of a transformer on Gorgonia's computation
// graph and runs them.
//
// Every value in a model is a [gorgonia.Node]. A [Graph] is one trace: it holds
// the expression graph, the [Param]s that it reads and the first error that
// happened, so that a forward pass reads like the mathematics and is checked
// once at its end. Operations that a transformer needs often are fused into one
// op each (Linear, LayerNorm, Attention, LinearCrossEntropy, …); any stock
// Gorgonia op works beside them. [Graph.Grad] derives the backward graph by
// gorgonia.Grad.
//
// A [Machine] runs a trace. It is a gorgonia.VM that plans all memory before the
// first step: how long each value lives, which values share a place, which are
// computed in place of another. A steady step then allocates nothing.
//
// One batch shape is one trace: trace again for another shape; the parameters
// live outside and are shared.
//
// Shapes are written with the letters of package layers: B batch, T sequence,
// D model width, H heads, K head size, F feed-forward width, V vocabulary.
package graph
