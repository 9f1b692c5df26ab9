// Package models has whole architectures, assembled from package layers and kept
// in the directories of Hugging Face: a config.json says what the model is, its
// parameters have Hugging Face's names, and what Save writes, transformers loads.
package models
