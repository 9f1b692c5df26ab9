// Package inspect shows data as a model will see them: the rows with their tokens and targets, how long they are, and which of them are likely to be wrong.
package inspect
