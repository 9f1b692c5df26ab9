package torchfile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"path"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// parse returns the tensors of a file of either format.
func parse(f io.ReaderAt, size int64) (map[string]view, error) {
	var start [4]byte
	if _, err := f.ReadAt(start[:], 0); err != nil {
		return nil, unexpected(err)
	}
	if string(start[:]) == "PK\x03\x04" {
		return parseArchive(f, size)
	}
	return parseSequence(f, size)
}

// parseArchive reads a zip archive: the pickle FOLDER/data.pkl, and each storage as
// FOLDER/data/KEY.
func parseArchive(f io.ReaderAt, size int64) (map[string]view, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return nil, err
	}
	entries := map[string]*zip.File{}
	for _, e := range archive.File {
		_, inside, _ := strings.Cut(e.Name, "/")
		entries[path.Clean(inside)] = e
	}
	if entries["constants.pkl"] != nil {
		return nil, errors.New("it is a TorchScript program")
	}
	if order := entries["byteorder"]; order != nil {
		text, err := readEntry(order, size)
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(string(text)) != "little" {
			return nil, fmt.Errorf("its byte order is %q, expected little", text)
		}
	}
	data := entries["data.pkl"]
	if data == nil {
		return nil, errors.New("the archive has no data.pkl")
	}
	content, err := readEntry(data, size)
	if err != nil {
		return nil, err
	}
	storages := map[string]*storage{}
	find := func(id *types.Tuple) (*storage, error) {
		key, s, err := newStorage(id)
		if err != nil || storages[key] != nil {
			return storages[key], err
		}
		entry := entries["data/"+key]
		if entry == nil {
			return nil, fmt.Errorf("the archive has no data/%s", key)
		}
		if stored := entry.UncompressedSize64; stored != uint64(s.count)*uint64(s.kind.size()) {
			return nil, fmt.Errorf("data/%s has %d bytes, expected %d elements of %d", key, stored, s.count, s.kind.size())
		}
		s.open = entry.Open
		storages[key] = s
		return s, nil
	}
	value, _, err := unpickle(bufio.NewReader(bytes.NewReader(content)), int64(len(content)), find)
	if err != nil {
		return nil, err
	}
	return tensors(value)
}

// readEntry reads a small entry of an archive, which PyTorch doesn't compress.
func readEntry(e *zip.File, size int64) ([]byte, error) {
	if e.UncompressedSize64 > uint64(size) {
		return nil, fmt.Errorf("%s has %d bytes, in an archive of %d", e.Name, e.UncompressedSize64, size)
	}
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// What the older format begins with.
const (
	magicNumber     = "1950a86a20f9469cfc6c"
	protocolVersion = 1001
)

// parseSequence reads the older format: pickles of a magic number, the version, facts
// about the system, the tensors and the keys of the storages, and then each storage as its
// number of elements in 8 bytes and the elements.
func parseSequence(f io.ReaderAt, size int64) (map[string]view, error) {
	r := bufio.NewReader(io.NewSectionReader(f, 0, size))
	var place int64
	next := func(storages func(id *types.Tuple) (*storage, error)) (any, error) {
		value, n, err := unpickle(r, size-place, storages)
		place += n
		return value, err
	}
	magic, err := next(nil)
	if err != nil {
		return nil, err
	}
	if n, ok := magic.(*big.Int); !ok || n.Text(16) != magicNumber {
		return nil, errors.New("it begins with no magic number of PyTorch")
	}
	version, err := next(nil)
	if err != nil {
		return nil, err
	}
	if version != protocolVersion {
		return nil, fmt.Errorf("the version of its format is not %d", protocolVersion)
	}
	system, err := next(nil)
	if err != nil {
		return nil, err
	}
	if facts, ok := system.(*types.Dict); ok {
		if little, ok := facts.Get("little_endian"); ok && little != true {
			return nil, errors.New("its byte order is big, expected little")
		}
	}
	storages := map[string]*storage{}
	value, err := next(func(id *types.Tuple) (*storage, error) {
		key, s, err := newStorage(id)
		if err != nil || storages[key] != nil {
			return storages[key], err
		}
		if id.Len() > 5 && id.Get(5) != nil {
			return nil, errors.New("a storage that is part of another")
		}
		storages[key] = s
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	keys, err := next(nil)
	if err != nil {
		return nil, err
	}
	list, ok := keys.(*types.List)
	if !ok {
		return nil, fmt.Errorf("the keys of its storages are a %T, expected a list", keys)
	}
	if err := placeStorages(f, place, size, *list, storages); err != nil {
		return nil, err
	}
	return tensors(value)
}

// placeStorages finds the storages that begin at place, in the order of keys.
func placeStorages(f io.ReaderAt, place, size int64, keys []any, storages map[string]*storage) error {
	for _, key := range keys {
		name, _ := key.(string)
		s := storages[name]
		if s == nil {
			return fmt.Errorf("it has a storage %q that no tensor uses", name)
		}
		var count [8]byte
		if _, err := f.ReadAt(count[:], place); err != nil {
			return unexpected(err)
		}
		place += int64(len(count))
		n := int64(s.count) * int64(s.kind.size())
		if binary.LittleEndian.Uint64(count[:]) != uint64(s.count) || n > size-place {
			return fmt.Errorf("storage %q of %d elements of %d bytes doesn't fit", name, s.count, s.kind.size())
		}
		at := place
		s.open = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, at, n)), nil }
		place += n
	}
	for name, s := range storages {
		if s.open == nil {
			return fmt.Errorf("storage %q has no data", name)
		}
	}
	return nil
}

// unexpected is the error of an end inside of a file.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
