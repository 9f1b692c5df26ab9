package torchfile

import (
	"bufio"
	"errors"
	"fmt"
	"math"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/seahorse-ml/seahorse/internal/pickle"
)

// unpickle reads one pickle. Storages is called for each persistent id, the form in which tensors name their data; nil refuses them.
func unpickle(r *bufio.Reader, size int64, storages func(id *types.Tuple) (*storage, error)) (value any, n int64, err error) {
	c := pickle.Config{Class: findClass}
	if storages != nil {
		c.Persistent = func(id *types.Tuple) (any, error) { return storages(id) }
	}
	return pickle.Load(r, size, c)
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
		return "", nil, fmt.Errorf("a storage of %d elements (%T), with a class %T and a key %T", count, id.Get(4), id.Get(1), id.Get(2))
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
