package gguf

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// craft builds files by hand.
type craft struct{ b []byte }

func (c *craft) u32(v ...uint32) *craft {
	for _, n := range v {
		c.b = binary.LittleEndian.AppendUint32(c.b, n)
	}
	return c
}

func (c *craft) u64(v ...uint64) *craft {
	for _, n := range v {
		c.b = binary.LittleEndian.AppendUint64(c.b, n)
	}
	return c
}

func (c *craft) text(s string) *craft { c.b = appendText(c.b, s); return c }
func (c *craft) raw(s string) *craft  { c.b = append(c.b, s...); return c }
func (c *craft) zeros(n int) *craft   { c.b = append(c.b, make([]byte, n)...); return c }

func header(tensors, keys uint64) *craft {
	return (&craft{}).raw("GGUF").u32(3).u64(tensors, keys)
}

// one is a header with one tensor, whose entry goes on from its name, and 1 KiB of data behind it.
func one(entry func(c *craft)) []byte {
	c := header(1, 0).text("w")
	entry(c)
	return c.zeros(1 << 10).b
}

// two is a file of two tensors of 8 floats at two offsets.
func two(a, b uint64) []byte {
	return header(2, 0).text("a").u32(1).u64(8).u32(0).u64(a).text("b").u32(1).u64(8).u32(0).u64(b).zeros(1 << 10).b
}

const huge = math.MaxUint64

// hostile are damaged files and a part of the line that tells what is wrong.
func hostile() map[string]struct {
	file []byte
	want string
} {
	type c = struct {
		file []byte
		want string
	}
	key := func(f func(*craft)) []byte {
		c := header(0, 1).text("k")
		f(c)
		return c.zeros(64).b
	}
	list := func(kind uint32, n uint64) []byte { return key(func(c *craft) { c.u32(typeArray, kind).u64(n) }) }
	tensor := func(dims uint32, kind uint32, offset uint64, shape ...uint64) []byte {
		return one(func(c *craft) { c.u32(dims).u64(shape...).u32(kind).u64(offset) })
	}
	align := func(v uint32) []byte {
		return header(1, 1).text(AlignmentKey).u32(typeUint32, v).text("w").u32(1).u64(8).u32(0).u64(0).zeros(1 << 10).b
	}
	out := map[string]c{
		"empty":                   {nil, "empty"},
		"one byte":                {[]byte("G"), "not begin"},
		"other magic":             {[]byte("GGML0123456789"), "not begin"},
		"reversed magic":          {[]byte("FUGG0123456789"), "not begin"},
		"only magic":              {[]byte("GGUF"), "expected"},
		"version 0":               {(&craft{}).raw("GGUF").u32(0).u64(0, 0).b, "version 0"},
		"version 1":               {(&craft{}).raw("GGUF").u32(1).u64(0, 0).b, "version 1"},
		"version 4":               {(&craft{}).raw("GGUF").u32(4).u64(0, 0).b, "version 4"},
		"big-endian":              {(&craft{}).raw("GGUF").u32(3<<24).u64(0, 0).b, "big-endian"},
		"no counts":               {(&craft{}).raw("GGUF").u32(3).b, "expected"},
		"many keys":               {header(0, huge).b, "keys"},
		"2^32 keys":               {header(0, 1<<32).zeros(1 << 10).b, "keys"},
		"more keys than there":    {header(0, 2).text("k").u32(typeUint8).zeros(1).b, "keys"},
		"many tensors":            {header(huge, 0).b, "tensors"},
		"2^40 tensors":            {header(1<<40, 0).zeros(1 << 10).b, "tensors"},
		"more tensors than bytes": {header(40, 0).zeros(1 << 10).b, "tensors"},
		"long key":                {header(0, 1).u64(huge).zeros(64).b, "text of"},
		"key of 64 KiB":           {header(0, 1).text(strings.Repeat("k", 1<<16)).u32(0).zeros(64).b, "key of 65536"},
		"empty key":               {header(0, 1).text("").u32(0).zeros(64).b, "key of 0"},
		"key twice":               {header(0, 2).text("k").u32(typeUint32, 1).text("k").u32(typeUint32, 1).b, "comes twice"},
		"unknown value":           {key(func(c *craft) { c.u32(13) }), "unknown type 13"},
		"huge value type":         {key(func(c *craft) { c.u32(math.MaxUint32) }), "unknown type"},
		"truth of 7":              {key(func(c *craft) { c.u32(typeBool).raw("\x07") }), "truth value of 7"},
		"long text":               {key(func(c *craft) { c.u32(typeString).u64(huge) }), "text of"},
		"text past the end":       {key(func(c *craft) { c.u32(typeString).u64(65) }), "text of 65"},
		"list of lists":           {list(typeArray, 1), "list of lists"},
		"list that holds itself":  {key(func(c *craft) { c.u32(typeArray, typeArray).u64(1).u32(typeArray).u64(1) }), "list of lists"},
		"list of unknown":         {list(13, 1), "unknown type 13"},
		"list of 2^61 numbers":    {list(typeUint64, 1<<61), "members"},
		"list of 2^63 bytes":      {list(typeUint8, 1<<63), "members"},
		"list of bytes too long":  {list(typeUint8, 65), "members"},
		"many empty texts":        {list(typeString, 1<<40), "members"},
		"texts past the end":      {key(func(c *craft) { c.u32(typeArray, typeString).u64(2).text("a").u64(1 << 40) }), "text of"},
		"truths of 2":             {key(func(c *craft) { c.u32(typeArray, typeBool).u64(1).raw("\x02") }), "truth value of 2"},
		"floats too many":         {list(typeFloat64, 9), "members"},
		"tensor without name":     {header(1, 0).text("").u32(1).u64(8).u32(0).u64(0).zeros(1 << 10).b, "name of 0"},
		"tensor with long name":   {header(1, 0).text(strings.Repeat("w", 64)).u32(1).u64(8).u32(0).u64(0).zeros(1 << 10).b, "name of 64"},
		"tensor twice":            {header(2, 0).text("a").u32(1).u64(8).u32(0).u64(0).text("a").u32(1).u64(8).u32(0).u64(32).zeros(1 << 10).b, "comes twice"},
		"no dimensions":           {tensor(0, 0, 0), "dimensions"},
		"five dimensions":         {tensor(5, 0, 0, 1, 1, 1, 1, 1), "5 dimensions"},
		"2^32 dimensions":         {tensor(math.MaxUint32, 0, 0), "dimensions"},
		"dimension of 0":          {tensor(1, 0, 0, 0), "dimension of 0"},
		"dimension of 2^63":       {tensor(1, 0, 0, 1<<63), "no room"},
		"dimension of 2^64-1":     {tensor(1, 0, 0, huge), "no room"},
		"product overflows":       {tensor(4, 0, 0, 1<<30, 1<<30, 1<<30, 1<<30), "no room"},
		"product wraps to 0":      {tensor(2, 0, 0, 1<<31, 1<<33), "no room"},
		"format 4":                {tensor(1, 4, 0, 8), "format 4"},
		"format IQ4_XS":           {tensor(1, 23, 0, 256), "IQ4_XS"},
		"format I32":              {tensor(1, 26, 0, 8), "I32"},
		"huge format":             {tensor(1, math.MaxUint32, 0, 8), "doesn't know"},
		"row of 16 in Q4_0":       {tensor(1, uint32(blocks.Q4_0), 0, 16), "blocks of 32"},
		"row of 128 in Q4_K":      {tensor(2, uint32(blocks.Q4_K), 0, 128, 2), "blocks of 256"},
		"offset not aligned":      {tensor(1, 0, 1, 8), "doesn't divide"},
		"offset past the end":     {tensor(1, 0, 1<<20, 8), "cut off"},
		"offset of 2^63":          {tensor(1, 0, 1<<63, 8), "cut off"},
		"offset wraps":            {tensor(1, 0, huge-31, 8), "cut off"},
		"data past the end":       {tensor(1, 0, 992, 256), "cut off"},
		"same place":              {two(0, 0), "overlap"},
		"overlap":                 {header(2, 0).text("a").u32(1).u64(16).u32(0).u64(0).text("b").u32(1).u64(8).u32(0).u64(32).zeros(1 << 10).b, "overlap"},
		"overlap backwards":       {header(2, 0).text("a").u32(1).u64(16).u32(0).u64(32).text("b").u32(1).u64(16).u32(0).u64(0).zeros(1 << 10).b, "overlap"},
		"alignment 0":             {align(0), "power of two"},
		"alignment 24":            {align(24), "power of two"},
		"alignment 2^31":          {align(1 << 31), "power of two"},
		"alignment of text":       {header(1, 1).text(AlignmentKey).u32(typeString).text("32").text("w").u32(1).u64(8).u32(0).u64(0).zeros(1 << 10).b, "power of two"},
		"alignment below 0":       {header(1, 1).text(AlignmentKey).u32(typeInt32, math.MaxUint32).text("w").u32(1).u64(8).u32(0).u64(0).zeros(1 << 10).b, "power of two"},
		"no data":                 {header(1, 0).text("w").u32(1).u64(8).u32(0).u64(0).b, "cut off"},
	}
	return out
}

// TestHostile opens damaged files: each gives one line, quickly, and takes no more memory than the file is large, times a few.
func TestHostile(t *testing.T) {
	cases := hostile()
	if len(cases) < 60 {
		t.Errorf("%d files", len(cases))
	}
	path := filepath.Join(t.TempDir(), "x.gguf")
	for name, c := range cases {
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f, err := Open(path)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		runtime.ReadMemStats(&after)
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, bytes)
		}
		if err == nil {
			f.Close()
			t.Errorf("%s: opened", name)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %q, expected one line with %q", name, err, c.want)
		}
	}
}

// TestCut cuts a file at each byte, and sets each byte of its head to others.
func TestCut(t *testing.T) {
	whole, err := os.ReadFile("testdata/python.gguf")
	if err != nil {
		t.Fatal(err)
	}
	_, tensors, err := parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	last := tensors[len(tensors)-1]
	for n := range whole {
		if _, _, err := parse(whole[:n]); err == nil && n < len(whole)-defaultAlignment-len(last.Data) {
			t.Fatalf("the first %d of %d bytes are read", n, len(whole))
		}
	}
	for i := range whole {
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			b := append([]byte(nil), whole...)
			b[i] = v
			check(t, b)
		}
	}
}

// check parses a file, and holds what is read to the file's size.
func check(t *testing.T, b []byte) {
	_, tensors, err := parse(b)
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("several lines: %v", err)
		}
		return
	}
	total := 0
	for _, tensor := range tensors {
		if tensor.Kind.Size(tensor.Len()) != len(tensor.Data) {
			t.Fatalf("tensor %q: %d bytes for %v %v", tensor.Name, len(tensor.Data), tensor.Kind, tensor.Shape)
		}
		total += len(tensor.Data)
	}
	if total > len(b) {
		t.Fatalf("tensors of %d bytes in a file of %d", total, len(b))
	}
}

func FuzzParse(f *testing.F) {
	whole, err := os.ReadFile("testdata/python.gguf")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(two(0, 32))
	for _, c := range hostile() {
		if len(c.file) < 4<<10 {
			f.Add(c.file)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}
