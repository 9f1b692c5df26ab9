// Package serve answers requests as OpenAI's API has them, by a model of this machine: chat completions, completions, embeddings and the list of models.
// Requests are written side by side in one batch, and each gets the answer that it would get alone.
package serve
