// Package layers has the building blocks of transformers.
//
// Each block is a plain struct with its parameters, made by New from a Config and
// a folder of the parameter tree, and run by Forward, which adds its operations to a
// trace. A config that makes no sense is an error of the tree, a shape that
// doesn't fit an error of the trace; both keep the first and report it once.
//
// Shapes are written with these letters:
//
//	B  batch: sequences that are computed together
//	T  sequence: tokens of each
//	S  sequence that attention looks at; T unless keys come from elsewhere
//	D  model width
//	H  heads of attention
//	K  size of a head
//	F  width inside a feed-forward
//	V  vocabulary
//	P  positions that a table has
package layers
