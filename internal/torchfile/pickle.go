package torchfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// unpickle reads one pickle. Storages is called for each persistent id, the form in
// which tensors name their data.
func unpickle(r *pickleReader, storages func(id *types.Tuple) (*storage, error)) (value any, err error) {
	defer func() {
		if p := recover(); p != nil { // the reader of pickles trusts its input in some places
			value, err = nil, fmt.Errorf("the pickle is malformed: %v", p)
		}
	}()
	u := pickle.NewUnpickler(r)
	u.FindClass = findClass
	u.PersistentLoad = func(id any) (any, error) {
		tuple, ok := id.(*types.Tuple)
		if !ok || storages == nil {
			return nil, fmt.Errorf("a reference of type %T, expected a tuple", id)
		}
		return storages(tuple)
	}
	return u.Load()
}

// findClass returns what stands for a class or function of Python.
func findClass(module, name string) (any, error) {
	if k, ok := storageKinds[name]; ok && module == "torch" {
		return k, nil
	}
	switch module + "." + name {
	case "torch._utils._rebuild_tensor_v2":
		return rebuild{arguments: 6, make: makeView}, nil
	case "torch._utils._rebuild_parameter":
		return rebuild{arguments: 3, make: func(args []any) (any, error) { return args[0], nil }}, nil
	}
	return nil, fmt.Errorf("the class %s.%s is not one of tensors", module, name)
}

// rebuild is a function of Python that pickles call.
type rebuild struct {
	arguments int
	make      func(args []any) (any, error)
}

// Call checks the number of arguments.
func (r rebuild) Call(args ...any) (any, error) {
	if len(args) != r.arguments {
		return nil, fmt.Errorf("a tensor is made from %d arguments, expected %d", len(args), r.arguments)
	}
	return r.make(args)
}

// makeView takes storage, offset, shape, strides and two that don't matter here.
func makeView(args []any) (any, error) {
	var v view
	var ok [4]bool
	v.storage, ok[0] = args[0].(*storage)
	v.offset, ok[1] = args[1].(int)
	v.shape, ok[2] = ints(args[2])
	v.strides, ok[3] = ints(args[3])
	if ok != [4]bool{true, true, true, true} {
		return nil, fmt.Errorf("a tensor is made from a %T, a %T, a %T and a %T", args[0], args[1], args[2], args[3])
	}
	return v, v.check()
}

func ints(value any) ([]int, bool) {
	tuple, ok := value.(*types.Tuple)
	if !ok {
		return nil, false
	}
	list := make([]int, tuple.Len())
	for i := range list {
		if list[i], ok = tuple.Get(i).(int); !ok {
			return nil, false
		}
	}
	return list, true
}

// newStorage reads a persistent id: "storage", class, key, device, number of elements.
func newStorage(id *types.Tuple) (key string, s *storage, err error) {
	if id.Len() < 5 || id.Get(0) != "storage" {
		return "", nil, errors.New("a reference that is no storage")
	}
	k, ok := id.Get(1).(kind)
	key, ok2 := id.Get(2).(string)
	count, ok3 := id.Get(4).(int)
	if !ok || !ok2 || !ok3 || count < 0 || count > math.MaxInt/8 {
		return "", nil, fmt.Errorf("a storage of %v elements, with a class %T and a key %T", id.Get(4), id.Get(1), id.Get(2))
	}
	return key, &storage{kind: k, count: count}, nil
}

// tensors returns the tensors of a dictionary. Other values, such as counters, are
// left out.
func tensors(value any) (map[string]view, error) {
	views := map[string]view{}
	set := func(key, value any) {
		name, ok := key.(string)
		if v, isView := value.(view); ok && isView {
			views[name] = v
		}
	}
	switch d := value.(type) {
	case *types.OrderedDict:
		for e := d.List.Front(); e != nil; e = e.Next() {
			entry := e.Value.(*types.OrderedDictEntry)
			set(entry.Key, entry.Value)
		}
	case *types.Dict:
		for _, entry := range *d {
			set(entry.Key, entry.Value)
		}
	default:
		return nil, fmt.Errorf("it holds a %T, expected a dictionary of tensors", value)
	}
	if len(views) == 0 {
		return nil, errors.New("its dictionary has no tensors")
	}
	return views, nil
}

// A pickleReader reads a pickle, counts its bytes and refuses lengths beyond the end,
// for which memory would be taken before they are found to be wrong.
type pickleReader struct {
	r    io.ByteReader
	read int64 // bytes so far
	size int64 // of all there is
	last byte  // that ReadByte gave; after it, Read reads its argument
}

// longOpcodes are followed by a length of so many bytes: LONG4, BINSTRING, BINUNICODE,
// BINBYTES, BINUNICODE8, BINBYTES8 and BYTEARRAY8.
var longOpcodes = map[byte]int{0x8b: 4, 'T': 4, 'X': 4, 'B': 4, 0x8d: 8, 0x8e: 8, 0x96: 8}

// frameOpcode begins a frame, which protocol 4 has and PyTorch's protocol 2 has not.
const frameOpcode = 0x95

func (p *pickleReader) ReadByte() (byte, error) {
	b, err := p.r.ReadByte()
	if err != nil {
		return 0, unexpected(err)
	}
	p.read++
	p.last = b
	return b, nil
}

func (p *pickleReader) Read(dst []byte) (int, error) {
	for i := range dst {
		b, err := p.r.ReadByte()
		if err != nil {
			return i, unexpected(err)
		}
		p.read++
		dst[i] = b
	}
	if p.last == frameOpcode && len(dst) == 8 {
		return 0, errors.New("the pickle has frames, expected protocol 2")
	}
	if longOpcodes[p.last] == len(dst) && len(dst) > 0 {
		var wide [8]byte
		copy(wide[:], dst)
		if n := binary.LittleEndian.Uint64(wide[:]); n > uint64(p.size-p.read) {
			return 0, fmt.Errorf("a value of %d bytes with %d left", n, p.size-p.read)
		}
	}
	p.last = 0
	return len(dst), nil
}

// unexpected is the error of an end inside of a pickle.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
