//go:build !packed

package pretok

import _ "unsafe" // for go:linkname

// The dictionaries of go-ego/gse, simplified and traditional. They are taken by the names of their variables, since that package's own loaders also refer
// to its Japanese dictionary and so bring it, 24 MB that nothing here reads, into every binary.
//
//go:linkname simplified github.com/go-ego/gse.zhS
var simplified string

//go:linkname traditional github.com/go-ego/gse.zhT
var traditional string

// dictionaries returns the words of both.
func dictionaries() (string, error) { return simplified + traditional, nil }
