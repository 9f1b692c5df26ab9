// Package tool holds what models call: a calculator, a search over an index, and what other packages bring, within bounds of time and size. Whatever a tool
// does wrong ends in a message for the model.
package tool
