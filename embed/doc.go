// Package embed makes vectors of texts, by which what they mean is near or far.
//
// A [Model] is an encoder or a decoder whose states are pooled, or a table of vectors whose mean is taken; [Open] reads one in the layout
// of sentence-transformers or model2vec, and Save writes it. An [Encoder] applies it to texts of any number and length. A [Learner] is what
// trains it, by a [Loss], on the rows of [Examples]: pairs that belong together, with texts that don't, scores, or a teacher's vectors.
package embed
