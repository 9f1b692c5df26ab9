// Package track writes down what happens in a run, for people and programs that look at it: callbacks of train that keep the samples and the
// times of a run beside its metrics, and write what TensorBoard and spreadsheets read.
//
// None of them changes what is learned. What a run that goes on makes again is dropped from their files first, or marked as such.
package track
