// Package exchange adds up the gradients of a step's micro-batches, in one process and over several.
//
// Each micro-batch's gradient is found by itself. Then they are added up in a tree that their number alone determines: the largest
// power of two of them below their number, and the rest, each again so. Neighbours that are a whole branch of the tree may be added up
// on one rank, and the branches of all ranks be added there in turn: the sums are the same to the bit.
package exchange
