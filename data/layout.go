package data

import (
	"fmt"
	"slices"
	"strings"
)

// An ElementType is what the elements of an input are.
type ElementType uint8

const (
	Int32 ElementType = iota // ids, classes, positions
	Float                    // features, values, pixels: float32 in a Batch, the model's type in its trace
)

func (t ElementType) String() string {
	if t == Float {
		return "float"
	}
	return "int32"
}

// An Input is one of the things that each row of a dataset has.
type Input struct {
	// Name is what a model asks for it by.
	Name string
	// Type is that of its elements; default Int32.
	Type ElementType
	// Shape is that of a row's elements, without the rows: {28, 28} of an image, {T} of T tokens, nil of one number.
	Shape []int
	// Padding is what elements have that no row fills; of targets it is Ignored as a rule. Default: 0.
	Padding float64
	// Length names what the size of a dimension of Shape counts, for inputs whose rows are filled to different lengths: batches
	// of short rows can then be computed in less time. Inputs with one name have one size, and are cut together. Default: none.
	Length string
	// Axis is the dimension of Shape that Length is about; default 0.
	Axis int
}

// size returns the number of elements of a row.
func (in Input) size() int {
	n := 1
	for _, d := range in.Shape {
		n *= d
	}
	return n
}

// Rows is the name of an input that every batch has, one int32 for each row: the number of the row in its batch, and -1 of rows beyond
// the last that an evaluation is filled up with.
const Rows = "rows"

// Layout tells what rows have. It is all that a trainer needs to know of a dataset to make room for its batches.
type Layout struct {
	Inputs []Input
	// Targets names the Int32 input that tells what is learned of a row: its elements that are not negative are counted, and a loss is
	// divided by their number in all micro-batches of a step. Default: Rows, each row counts once.
	Targets string
}

// targets returns the name of what is counted.
func (l Layout) targets() string {
	if l.Targets == "" {
		return Rows
	}
	return l.Targets
}

// Index returns the place of an input among the layout's, or -1.
func (l Layout) Index(name string) int {
	return slices.IndexFunc(l.Inputs, func(in Input) bool { return in.Name == name })
}

// Lengths returns the names of what inputs have different lengths of.
func (l Layout) Lengths() []string {
	var names []string
	for _, in := range l.Inputs {
		if in.Length != "" && !slices.Contains(names, in.Length) {
			names = append(names, in.Length)
		}
	}
	return names
}

// Length returns the size of what inputs name as their Length, 0 where none does.
func (l Layout) Length(name string) int {
	for _, in := range l.Inputs {
		if in.Length == name && name != "" {
			return in.Shape[in.Axis]
		}
	}
	return 0
}

// WithLength returns the layout of rows of another length.
func (l Layout) WithLength(name string, size int) Layout {
	l.Inputs = slices.Clone(l.Inputs)
	for i, in := range l.Inputs {
		if in.Length == name && name != "" {
			l.Inputs[i].Shape = slices.Clone(in.Shape)
			l.Inputs[i].Shape[in.Axis] = size
		}
	}
	return l
}

// Equal tells whether two layouts are the same.
func (l Layout) Equal(o Layout) bool {
	return l.targets() == o.targets() && slices.EqualFunc(l.Inputs, o.Inputs, func(a, b Input) bool {
		return a.like(b) && slices.Equal(a.Shape, b.Shape)
	})
}

// like tells whether inputs differ in nothing but their shapes.
func (in Input) like(o Input) bool {
	return in.Name == o.Name && in.Type == o.Type && in.Padding == o.Padding && in.Length == o.Length && in.Axis == o.Axis && len(in.Shape) == len(o.Shape)
}

// Narrower tells whether the layout is o with lengths that are at most as large, so that a batch of o can be cut to it.
func (l Layout) Narrower(o Layout) bool {
	return l.targets() == o.targets() && slices.EqualFunc(l.Inputs, o.Inputs, func(a, b Input) bool {
		if !a.like(b) {
			return false
		}
		for i := range a.Shape {
			if a.Shape[i] != b.Shape[i] && (a.Length == "" || i != a.Axis || a.Shape[i] > b.Shape[i]) {
				return false
			}
		}
		return true
	})
}

// Bytes returns the memory of a row.
func (l Layout) Bytes() int {
	n := 0
	for _, in := range l.Inputs {
		n += 4 * in.size()
	}
	return n
}

// String lists the inputs, as in "image [28 28] float, class [] int32".
func (l Layout) String() string {
	var parts []string
	for _, in := range l.Inputs {
		parts = append(parts, fmt.Sprintf("%s %v %v", in.Name, in.Shape, in.Type))
	}
	return strings.Join(parts, ", ")
}

// Validate returns an error for a layout that no rows have.
func (l Layout) Validate() error {
	fail := func(format string, args ...any) error { return fmt.Errorf("data: layout: "+format, args...) }
	if len(l.Inputs) == 0 {
		return fail("rows without any input")
	}
	sizes := map[string]int{}
	for i, in := range l.Inputs {
		switch {
		case in.Name == "" || in.Name == Rows:
			return fail("input %d is called %q, expected a name of its own; %q is there in any case", i, in.Name, Rows)
		case l.Index(in.Name) != i:
			return fail("two inputs are called %q", in.Name)
		case len(in.Shape) > 0 && slices.Min(in.Shape) < 1:
			return fail("%s has rows of shape %v, expected positive dimensions", in.Name, in.Shape)
		case in.Type != Int32 && in.Type != Float:
			return fail("%s has elements of type %d, expected Int32 or Float", in.Name, in.Type)
		case in.Type == Int32 && in.Padding != float64(int32(in.Padding)):
			return fail("%s is padded with %v, expected an int32", in.Name, in.Padding)
		case in.Length == "":
			continue
		case in.Axis < 0 || in.Axis >= len(in.Shape):
			return fail("%s has its length in dimension %d of %v", in.Name, in.Axis, in.Shape)
		}
		size := in.Shape[in.Axis]
		if known, ok := sizes[in.Length]; ok && known != size {
			return fail("%s has %d of what is called %q, others %d", in.Name, size, in.Length, known)
		}
		sizes[in.Length] = size
	}
	if i := l.Index(l.Targets); l.targets() != Rows && (i < 0 || l.Inputs[i].Type != Int32) {
		return fail("the targets are %q, expected an int32 input: %v", l.Targets, l)
	}
	if i := l.Index(l.Targets); i >= 0 && l.Inputs[i].Padding >= 0 {
		return fail("the targets %s are padded with %v, expected a negative number such as Ignored: padding isn't learned", l.Targets, l.Inputs[i].Padding)
	}
	return nil
}
