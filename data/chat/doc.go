// Package chat reads conversations, renders them by a model's chat template, and says which part of the text the assistant wrote.
//
// It knows nothing of files or tokenizers: a record is an object of package orderedjson, a rendered conversation is a text with spans of bytes.
package chat
