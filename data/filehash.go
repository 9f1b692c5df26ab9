package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// FileHash tells the content of a file so that no other content has the same.
type FileHash struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hexadecimal
}

// HashFile reads a file.
func HashFile(path string) (h FileHash, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, fmt.Errorf("data: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	h.Path = path
	if h.Size, err = io.Copy(sum, f); err != nil {
		return h, fmt.Errorf("data: %s: %w", path, err)
	}
	h.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return h, nil
}

// Hashes reads all files as they are stored, in the order of Files and under those names; of a stream it is the copy.
func (s *Source) Hashes() ([]FileHash, error) {
	hashes := make([]FileHash, len(s.files))
	for i, in := range s.files {
		var err error
		if hashes[i], err = HashFile(in.path); err != nil {
			return nil, err
		}
		hashes[i].Path = in.name
	}
	return hashes, nil
}
