package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/task"
	"github.com/seahorse-ml/seahorse/train"
)

// sentBytes is how much of a file is sent at a time.
const sentBytes = 8 << 20

// sendFiles sends the files of a directory to the ranks that don't have them.
func (t team) sendFiles(dir string, files []offered) error {
	told, err := train.Gather(t, nil)
	if err != nil {
		return err
	}
	wanted := make([][]int, len(told))
	for rank, list := range told[1:] {
		if err := json.Unmarshal(list, &wanted[rank+1]); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := t.sendFile(filepath.Join(dir, filepath.FromSlash(f.Name)), f, func(rank int) bool { return slices.Contains(wanted[rank], i) }); err != nil {
			return err
		}
	}
	return nil
}

func (t team) sendFile(path string, f offered, wanted func(rank int) bool) error {
	send, recv := make([][]byte, t.Size()), make([][]byte, t.Size())
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	part := make([]byte, min(f.Size, sentBytes))
	for left := f.Size; left > 0; left -= int64(len(part)) {
		part = part[:min(left, sentBytes)]
		if _, err := io.ReadFull(file, part); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for rank := 1; rank < len(send); rank++ {
			if wanted(rank) {
				send[rank] = part
			}
		}
		if err := t.Exchange(send, recv); err != nil {
			return err
		}
	}
	return nil
}

// receiveFiles returns a directory that has what rank 0 offers: the run's, where this rank sees it, or one of its own inside a directory of
// that name, into which it takes what it lacks.
func (t team) receiveFiles(all offer) (string, error) {
	own := filepath.Join(all.Dir, rankDir, fmt.Sprintf("rank-%d", t.Rank()))
	if err := os.MkdirAll(filepath.Dir(own), 0o777); err != nil {
		return "", err
	}
	dir, sees := all.Dir, isFile(all.Dir, task.RunName)
	if !sees {
		dir = own
	}
	missing := []int{}
	for i, f := range all.Files {
		h, err := data.HashFile(filepath.Join(dir, filepath.FromSlash(f.Name)))
		switch {
		case err == nil && h.SHA256 == f.SHA256:
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", err
		case sees && err != nil:
			return "", fmt.Errorf("%s lacks %s, which rank 0 has there: the directory is another run's, and must go", dir, f.Name)
		case sees:
			return "", fmt.Errorf("%s in %s has the SHA-256 %s, that of rank 0 %s: this rank has other data, another tokenizer or other options", f.Name, dir, h.SHA256, f.SHA256)
		default:
			missing = append(missing, i)
		}
	}
	list, err := json.Marshal(missing)
	if err != nil {
		return "", err
	}
	if _, err := train.Gather(t, list); err != nil {
		return "", err
	}
	for i, f := range all.Files {
		if err := t.receiveFile(filepath.Join(dir, filepath.FromSlash(f.Name)), f, slices.Contains(missing, i)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// receiveFile takes a file, or passes over it.
func (t team) receiveFile(path string, f offered, wanted bool) (err error) {
	send, recv := make([][]byte, t.Size()), make([][]byte, t.Size())
	into := io.Discard
	if wanted {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		defer file.Close()
		into = file
	}
	part := make([]byte, min(f.Size, sentBytes))
	for left := f.Size; left > 0; left -= int64(len(part)) {
		part = part[:min(left, sentBytes)]
		if wanted {
			recv[0] = part
		}
		if err := t.Exchange(send, recv); err != nil {
			return err
		}
		if _, err := into.Write(part); err != nil {
			return err
		}
	}
	if !wanted {
		return nil
	}
	if h, err := data.HashFile(path); err != nil || h.SHA256 != f.SHA256 {
		return fmt.Errorf("%s has come with the SHA-256 %s, expected %s: %w", path, h.SHA256, f.SHA256, errors.Join(err, errors.New("it was changed meanwhile")))
	}
	return nil
}
