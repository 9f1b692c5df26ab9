// Package words learns vectors for words from a text, and finds what is near in them: skip-gram and CBOW with negative sampling or
// hierarchical softmax (Mikolov et al., 2013), fastText with the vectors of a word's parts (Bojanowski et al., 2017), GloVe (Pennington et
// al., 2014), and the truncated singular value decomposition of a matrix of positive pointwise mutual information (Levy and Goldberg, 2014).
//
// Texts become bags of words with weights (counts, TF-IDF, BM25) and are reduced by latent semantic analysis; phrases become single words as gensim's
// do; a classifier finds the labels of texts as fastText's does; and words are drawn on a page.
//
// Settings have the names and defaults of gensim and fastText. The same seed gives the same bits on any number of threads.
//
// Shapes: V words, D dimensions; vectors [V, D] lie row by row.
package words
