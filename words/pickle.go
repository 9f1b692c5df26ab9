package words

import (
	"bufio"
	"bytes"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/seahorse-ml/seahorse/internal/pickle"
)

// pickledClass stands for a class or function of Python, and pickled for what it made: of both only the name is known.
type (
	pickledClass struct{ name string }
	pickled      struct {
		class string
		state any
	}
)

// Call stands for a call of the function, and PyNew for a new object of the class.
func (c pickledClass) Call(...any) (any, error)  { return &pickled{class: c.name}, nil }
func (c pickledClass) PyNew(...any) (any, error) { return &pickled{class: c.name}, nil }

// PySetState keeps what the object is to have.
func (p *pickled) PySetState(state any) error {
	p.state = state
	return nil
}

// unpickle reads one pickle, of any classes.
func unpickle(raw []byte) (any, error) {
	c := pickle.Config{Class: func(module, name string) (any, error) { return pickledClass{module + "." + name}, nil }}
	value, _, err := pickle.Load(bufio.NewReader(bytes.NewReader(raw)), int64(len(raw)), c)
	return value, err
}

// entry returns what a dictionary has for a key, nil where it has nothing.
func entry(d *types.Dict, key string) any {
	for _, e := range *d {
		if e.Key == any(key) {
			return e.Value
		}
	}
	return nil
}
