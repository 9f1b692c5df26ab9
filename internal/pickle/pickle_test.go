package pickle

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"
)

// class stands for all classes and functions; what one makes is its name.
type class string

func (c class) Call(...any) (any, error) { return string(c), nil }

func load(raw []byte) (any, int64, error) {
	return Load(bufio.NewReaderSize(bytes.NewReader(raw), 16), int64(len(raw)), Config{
		Class: func(module, name string) (any, error) {
			if module == "os" {
				return nil, errors.New("os isn't known")
			}
			return class(module + "." + name), nil
		},
		Persistent: func(id *types.Tuple) (any, error) { return id.Get(0), nil },
	})
}

// TestLoad reads what Python writes of the same list by each protocol: pickle.dumps([1, "é", (2.5, None)], protocol).
func TestLoad(t *testing.T) {
	want := types.NewListFromSlice([]any{1, "é", types.NewTupleFromSlice([]any{2.5, nil})})
	for protocol, raw := range map[string]string{
		"1": "]q\x00(K\x01X\x02\x00\x00\x00\xc3\xa9q\x01(G@\x04\x00\x00\x00\x00\x00\x00Ntq\x02e.",
		"2": "\x80\x02]q\x00(K\x01X\x02\x00\x00\x00\xc3\xa9q\x01G@\x04\x00\x00\x00\x00\x00\x00N\x86q\x02e.",
		"4": "\x80\x04\x95\x19\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01\x8c\x02\xc3\xa9\x94G@\x04\x00\x00\x00\x00\x00\x00N\x86\x94e.",
	} {
		value, n, err := load([]byte(raw + "behind it"))
		if err != nil || n != int64(len(raw)) || cmp.Diff(value, want) != "" {
			t.Errorf("protocol %s: %v after %d of %d bytes, %v", protocol, value, n, len(raw), err)
		}
		for i := range raw {
			if value, _, err := load([]byte(raw[:i])); err == nil {
				t.Errorf("protocol %s: %v of %d bytes", protocol, value, i)
			}
		}
	}
}

// TestRefused holds what pickles made to harm would do: run something, take memory or time without measure, or let a message grow without end.
func TestRefused(t *testing.T) {
	deep := ")q\x00" + strings.Repeat("h\x00h\x00\x86q\x00", 100) // each tuple holds the one before twice
	for name, test := range map[string]struct{ raw, err string }{
		"a class that isn't known":      {"cos\nsystem\n(X\x02\x00\x00\x00lstR.", "os isn't known"},
		"a length beyond the end":       {"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "bytes with 1 left"},
		"a length that is negative":     {"T\xff\xff\xff\xff.", "bytes with 1 left"},
		"a frame of a length":           {"\x95\xff\xff\xff\xff\xff\xff\xff\x7fK\x01", io.ErrUnexpectedEOF.Error()},
		"a long number":                 {"\x8b\x00\x08\x00\x00" + strings.Repeat("x", 2048) + ".", "a whole number of 2048 bytes"},
		"a long line":                   {"I" + strings.Repeat("1", mostLine+1) + "\n.", "a line of more than"},
		"marks without end":             {strings.Repeat("(", mostObjects+1) + ".", "more than"},
		"no opcode":                     {"\xff", "0xff is no opcode"},
		"an empty number":               {"\x8a\x00.", "malformed"},
		"a call of a list of itself":    {"]q\x00h\x00a\x85)R.", "REDUCE"},
		"a call of tuples of tuples":    {deep + ")R.", "REDUCE"},
		"a call of a long tuple":        {"(" + strings.Repeat("K\x01", 1000) + "t)R.", "REDUCE"},
		"an unhashable key":             {"ccollections\nOrderedDict\n)RC\x01aNs.", "malformed"},
		"a reference of no tuple":       {"K\x01Q.", "a reference of type int"},
		"an argument that is no tuple":  {"ca\nb\nK\x01R.", "REDUCE"},
		"nothing on the stack":          {".", "stack is empty"},
		"items without a mark":          {"]K\x01e.", "meta stack is empty"},
		"an odd number of items":        {"}(K\x01u.", "malformed"},
		"an array of another machine":   {"carray\n_array_reconstructor\n(carray\narray\nX\x01\x00\x00\x00hK\x00C\x03abctR.", "malformed"},
		"an extension of Python's":      {"\x82\x01.", "unsupported extension"},
		"a buffer that lies elsewhere":  {"\x97.", "out-of-band"},
		"a protocol that doesn't exist": {"\x80\x06.", "unsupported pickle protocol"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		value, _, err := load([]byte(test.raw))
		runtime.ReadMemStats(&after)
		switch {
		case err == nil || !strings.Contains(err.Error(), test.err):
			t.Errorf("%s: %.100v, %v, expected an error with %q", name, value, err, test.err)
		case len(err.Error()) > mostMessage+100:
			t.Errorf("%s: a message of %d bytes", name, len(err.Error()))
		case after.TotalAlloc-before.TotalAlloc > 64<<20:
			t.Errorf("%s took %d MiB", name, (after.TotalAlloc-before.TotalAlloc)>>20)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("\x80\x04\x95\x19\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01\x8c\x02\xc3\xa9\x94G@\x04\x00\x00\x00\x00\x00\x00N\x86\x94e."))
	f.Add([]byte("\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00a(K\x01K\x02tQs."))
	f.Add([]byte("]q\x00h\x00a)R."))
	f.Fuzz(func(_ *testing.T, raw []byte) { load(raw) })
}
