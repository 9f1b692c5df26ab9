// Package show gives as data what a model does with a text: where its attention goes, how probable each token is and what else might stand
// there, what its head makes of the states between its blocks, and which tokens a class or the next token comes from. It takes all models of
// this module, and others that are made of its layers.
//
// Models are looked at from outside: nothing is computed or kept for it when nobody looks. A model must not be used otherwise, nor be looked at
// twice, at the same time.
package show
