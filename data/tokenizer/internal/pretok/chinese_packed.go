//go:build packed

package pretok

import (
	_ "embed"

	"github.com/klauspost/compress/zstd"
)

// packed is what chinese_pack.go makes of the dictionaries of go-ego/gse, for releases: 2.6 MB in the place of 8.6.
//
//go:embed chinese.zst
var packed []byte

// dictionaries returns the words of both, simplified and traditional.
func dictionaries() (string, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return "", err
	}
	defer r.Close()
	words, err := r.DecodeAll(packed, nil)
	return string(words), err
}
