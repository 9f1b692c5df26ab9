package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of fields in Thrift's compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftInt16  = 4
	thriftInt32  = 5
	thriftInt64  = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxDepth bounds how deeply structures lie in each other.
const maxDepth = 24

var errShort = errors.New("cut short")

// skim goes through a structure of Thrift's compact protocol without making any of it, and returns how long it is. Lists and texts that
// would be longer than what is left are errors, so that a decoder never makes room for them.
func skim(b []byte) (int, error) {
	s := skimmer{b: b}
	err := s.structure(0)
	return s.at, err
}

type skimmer struct {
	b  []byte
	at int
}

func (s *skimmer) byte() (byte, error) {
	if s.at >= len(s.b) {
		return 0, errShort
	}
	s.at++
	return s.b[s.at-1], nil
}

func (s *skimmer) varint() (uint64, error) {
	v, n := binary.Uvarint(s.b[s.at:])
	if n <= 0 {
		return 0, errShort
	}
	s.at += n
	return v, nil
}

func (s *skimmer) skip(n uint64) error {
	if n > uint64(len(s.b)-s.at) {
		return errShort
	}
	s.at += int(n)
	return nil
}

func (s *skimmer) structure(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("structures lie more than %d deep", maxDepth)
	}
	for {
		head, err := s.byte()
		if err != nil || head == thriftStop {
			return err
		}
		if head>>4 == 0 { // the field's number follows
			if _, err := s.varint(); err != nil {
				return err
			}
		}
		if err := s.value(head&15, depth, false); err != nil {
			return err
		}
	}
}

// value goes over a value of a kind. In lists, truth values take a byte of their own.
func (s *skimmer) value(kind byte, depth int, inList bool) error {
	switch kind {
	case thriftTrue, thriftFalse:
		if !inList {
			return nil
		}
		return s.skip(1)
	case thriftByte:
		return s.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		_, err := s.varint()
		return err
	case thriftDouble:
		return s.skip(8)
	case thriftBinary:
		n, err := s.varint()
		if err != nil {
			return err
		}
		return s.skip(n)
	case thriftList, thriftSet:
		return s.list(depth)
	case thriftMap:
		return s.mapping(depth)
	case thriftStruct:
		return s.structure(depth + 1)
	}
	return fmt.Errorf("a field of unknown kind %d", kind)
}

func (s *skimmer) list(depth int) error {
	head, err := s.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = s.varint(); err != nil {
			return err
		}
	}
	if n > uint64(len(s.b)-s.at) { // each item takes a byte at least
		return fmt.Errorf("a list of %d items in %d bytes", n, len(s.b)-s.at)
	}
	for range n {
		if err := s.value(head&15, depth+1, true); err != nil {
			return err
		}
		if depth > maxDepth {
			return fmt.Errorf("lists lie more than %d deep", maxDepth)
		}
	}
	return nil
}

func (s *skimmer) mapping(depth int) error {
	n, err := s.varint()
	if err != nil || n == 0 {
		return err
	}
	if n > uint64(len(s.b)-s.at) {
		return fmt.Errorf("a map of %d items in %d bytes", n, len(s.b)-s.at)
	}
	kinds, err := s.byte()
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("maps lie more than %d deep", maxDepth)
	}
	for range n {
		if err := errors.Join(s.value(kinds>>4, depth+1, true), s.value(kinds&15, depth+1, true)); err != nil {
			return err
		}
	}
	return nil
}
