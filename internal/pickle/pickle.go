// Package pickle reads Python's pickles as data. Nothing of Python runs: what stands for a class or a function is said by the caller, who refuses all
// that he doesn't know.
//
// gopickle builds the values. It trusts what it reads, so a pickle is walked before, opcode by opcode: what reaches beyond the end, is without measure
// or isn't known is refused before memory is taken for it.
package pickle

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// Config says what a pickle may refer to.
type Config struct {
	// Class returns what stands for a class or function of Python: a value with the methods of gopickle's types.Callable, types.PyNewable or others there.
	Class func(module, name string) (any, error)
	// Persistent returns what a persistent id refers to; nil refuses such ids.
	Persistent func(id *types.Tuple) (any, error)
}

// Load reads one pickle, after which r stands behind it, and returns its value and how many bytes it took. Size is how many bytes there are at most.
func Load(r *bufio.Reader, size int64, c Config) (value any, n int64, err error) {
	w := walker{r: r, size: size}
	if err := w.walk(); err != nil {
		return nil, w.read, fmt.Errorf("the pickle at byte %d: %w", w.at, err)
	}
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, malformed(p)
		}
	}()
	u := pickle.NewUnpickler(&w.kept)
	u.FindClass = c.Class
	if c.Persistent != nil {
		u.PersistentLoad = func(id any) (any, error) {
			tuple, ok := id.(*types.Tuple)
			if !ok {
				return nil, fmt.Errorf("a reference of type %T, expected a tuple", id)
			}
			return c.Persistent(tuple)
		}
	}
	value, err = u.Load()
	if err != nil {
		return nil, w.read, shortened(err)
	}
	return value, w.read, nil
}

// mostMessage is how many bytes of an error's text are kept: gopickle's show whole values.
const mostMessage = 300

func shortened(err error) error {
	if text := err.Error(); len(text) > mostMessage {
		return errors.New(strings.ToValidUTF8(text[:mostMessage], "") + "…")
	}
	return err
}

func malformed(p any) error { return shortened(fmt.Errorf("the pickle is malformed: %v", p)) }
