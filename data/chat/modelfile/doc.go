// Package modelfile writes what Ollama reads beside a GGUF file: a Modelfile with a template, what the system says, and parameters.
//
// Ollama's templates are Go's text/template over a conversation, models' own are Jinja. Derive finds the Go template by what the Jinja template writes:
// it renders conversations of marked texts, sees what stands before, between and behind them, and what becomes of white space and of thoughts. Compare
// then renders conversations by both, and refuses a template that differs in one. Nothing is guessed from the source.
//
// What is derived uses text/template's own functions only. Conversations with tools have no place in it.
package modelfile
