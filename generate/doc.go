// Package generate writes texts by models that have states and a head: it continues a prompt,
// or writes about a source where the model has an encoder. It knows greedy choice, sampling
// and beam search, keeps the keys and values of what was read, and estimates what that takes.
package generate
