// Package search finds passages of texts by what they mean and by their words.
//
// An [Index] is a directory of segments on disk, each of which holds passages, their vectors and the words in them. Segments are written whole
// and never changed; a manifest lists those that count. So a process may end at any moment, and what is damaged is refused by name. Documents are
// cut into passages by [Split]. [Index.Search] ranks passages by their vectors, by their words (BM25, Robertson et al., 1994), or by both, fused
// by their ranks (Cormack et al., 2009). Vectors are scanned exactly, or by cells where there are many (an inverted file, Jégou et al., 2011).
//
// Shapes: N passages, D dimensions.
package search
