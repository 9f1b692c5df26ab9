package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// Out is a tensor to write.
type Out struct {
	Name  string
	Shape []int // the dimension in which elements touch is the last
	Kind  blocks.Kind
	// Write writes the tensor's blocks, of the size that shape and format have. It is called once, in order.
	Write func(w io.Writer) error
}

// Out returns the tensor as it lies.
func (t Tensor) Out() Out {
	return Out{t.Name, t.Shape, t.Kind, func(w io.Writer) error {
		_, err := w.Write(t.Data)
		return err
	}}
}

// Write writes a file, version 3, which replaces an older one only when it is complete and on the disk.
func Write(path string, meta Meta, tensors []Out) error {
	head, err := encodeHead(meta, tensors)
	if err == nil {
		err = atomicfile.Write(path, func(w io.Writer) error { return writeAll(w, head, tensors, alignment(meta)) })
	}
	if err != nil {
		return fmt.Errorf("gguf: writing %s: %w", path, err)
	}
	return nil
}

func encodeHead(meta Meta, tensors []Out) ([]byte, error) {
	le := binary.LittleEndian
	b := append(make([]byte, 0, 1<<20), "GGUF"...)
	b = le.AppendUint32(b, 3)
	b = le.AppendUint64(b, uint64(len(tensors)))
	b = le.AppendUint64(b, uint64(len(meta)))
	seen := map[string]bool{}
	for _, p := range meta {
		if p.Key == "" || len(p.Key) > maxKey || seen[p.Key] {
			return nil, fmt.Errorf("key %.80q is empty, too long, or comes twice", p.Key)
		}
		seen[p.Key] = true
		var err error
		if b, err = appendValue(appendText(b, p.Key), p.Value); err != nil {
			return nil, fmt.Errorf("key %q: %w", p.Key, err)
		}
	}
	a := alignment(meta)
	if a == 0 {
		return nil, fmt.Errorf("%s is %v; expected a power of two up to %d", AlignmentKey, meta.Get(AlignmentKey), maxAlignment)
	}
	names, offset := map[string]bool{}, 0
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if names[t.Name] {
			return nil, fmt.Errorf("two tensors are named %q", t.Name)
		}
		names[t.Name] = true
		b = le.AppendUint32(appendText(b, t.Name), uint32(len(t.Shape)))
		for i := range t.Shape {
			b = le.AppendUint64(b, uint64(t.Shape[len(t.Shape)-1-i]))
		}
		b = le.AppendUint64(le.AppendUint32(b, uint32(t.Kind)), uint64(offset))
		offset += padded(t.size(), a)
	}
	return b, nil
}

func (t Out) size() int { return t.Kind.Size(Tensor{Shape: t.Shape}.Len()) }

func (t Out) check() error {
	switch {
	case t.Name == "" || len(t.Name) > maxName:
		return fmt.Errorf("a name of %d bytes; expected 1 to %d", len(t.Name), maxName)
	case len(t.Shape) == 0 || len(t.Shape) > maxDims:
		return fmt.Errorf("shape %v; expected 1 to %d dimensions", t.Shape, maxDims)
	case !t.Kind.Known():
		return fmt.Errorf("stored as %v, which is not known", t.Kind)
	case !t.Kind.Fits(t.Shape[len(t.Shape)-1]):
		return fmt.Errorf("rows of %d elements; %v has blocks of %d", t.Shape[len(t.Shape)-1], t.Kind, t.Kind.Elements())
	}
	for _, n := range t.Shape {
		if n <= 0 {
			return fmt.Errorf("shape %v; expected positive dimensions", t.Shape)
		}
	}
	return nil
}

func writeAll(w io.Writer, head []byte, tensors []Out, alignment int) error {
	out := &counter{w: bufio.NewWriterSize(w, 1<<20)}
	out.Write(head)
	for _, t := range tensors {
		out.pad(alignment)
		before := out.n
		if err := t.Write(out); err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if got := out.n - before; out.err == nil && got != t.size() {
			return fmt.Errorf("tensor %q: %d bytes were written, expected %d", t.Name, got, t.size())
		}
	}
	out.pad(alignment)
	return errors.Join(out.err, out.w.Flush())
}

// counter counts what is written, and keeps the first error.
type counter struct {
	w   *bufio.Writer
	n   int
	err error
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += n
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func (c *counter) pad(alignment int) { c.Write(make([]byte, padded(c.n, alignment)-c.n)) }
