// Package task goes the whole way from data to a trained model and on to its use.
//
// An Objective is a value that says what a model learns: how records become rows, which head a
// model needs and how it is applied. A Config says what learns it from which data; Prepare makes
// a run of it, and Train does all at once. Open reads what a run has left: a Writer writes texts
// by it, a Classifier labels them, and Evaluate measures it.
//
// A further objective is a type that embeds the nearest one here and says what it does
// otherwise; nothing else in the package knows objectives by their names.
package task
