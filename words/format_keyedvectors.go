package words

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// KeyedVectors is gensim's own form: a pickle of the words, and beside it the vectors as NAME.vectors.npy. gensim writes that pair where the vectors are
// large, or for save(NAME, sep_limit=0).
const KeyedVectors Format = "keyedvectors"

// arraySuffix is what the name of the file of vectors ends with.
const arraySuffix = ".vectors.npy"

// isPickle tells whether a file begins as pickles of gensim do.
func isPickle(start []byte) bool {
	return len(start) >= 2 && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5
}

// openKeyedVectors reads what gensim's KeyedVectors.save wrote as a pair.
func openKeyedVectors(path string) (*Vectors, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	value, err := unpickle(raw)
	if err != nil {
		return nil, err
	}
	o, ok := value.(*pickled)
	if !ok || !strings.HasPrefix(o.class, "gensim.models.keyedvectors.") {
		return nil, errors.New("the pickle is none of gensim's KeyedVectors")
	}
	state, _ := o.state.(*types.Dict)
	if state == nil {
		return nil, errors.New("the pickle has no state")
	}
	list, ok := entry(state, "index_to_key").(*types.List)
	if !ok {
		return nil, errors.New("the pickle has no index_to_key")
	}
	var words []string
	for i, item := range *list {
		word, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("key %d is no text", i)
		}
		words = append(words, word)
	}
	if _, err := os.Stat(path + arraySuffix); err != nil {
		return nil, fmt.Errorf("the vectors are expected beside it, in %s; gensim writes them there by save(NAME, sep_limit=0)", filepath.Base(path)+arraySuffix)
	}
	values, dim, err := readArray(path+arraySuffix, len(words))
	if err != nil {
		return nil, err
	}
	return (&Vectors{Dim: dim, Values: values}).named(words)
}

// readArray reads a matrix of so many rows from a .npy file of float32 in the order of C.
func readArray(path string, rows int) ([]float32, int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	fail := func(format string, args ...any) ([]float32, int, error) {
		return nil, 0, fmt.Errorf("%s: %s", filepath.Base(path), fmt.Sprintf(format, args...))
	}
	if len(raw) < 12 || string(raw[:6]) != "\x93NUMPY" {
		return fail("no file of NumPy")
	}
	begin, length := 10, int(binary.LittleEndian.Uint16(raw[8:]))
	if raw[6] > 1 {
		begin, length = 12, int(binary.LittleEndian.Uint32(raw[8:]))
	}
	if length > len(raw)-begin {
		return fail("the file ends too early")
	}
	head := strings.ReplaceAll(string(raw[begin:begin+length]), " ", "")
	var m, dim int
	at := strings.Index(head, "'shape':(")
	if !strings.Contains(head, "'descr':'<f4'") || !strings.Contains(head, "'fortran_order':False") || at < 0 {
		return fail("%s, expected float32 in the order of C", head)
	}
	if _, err := fmt.Sscanf(head[at:], "'shape':(%d,%d)", &m, &dim); err != nil || m != rows || dim < 1 || dim > mostDim {
		return fail("%s, expected %d rows", head, rows)
	}
	data := raw[begin+length:]
	if len(data) != 4*m*dim {
		return fail("%d bytes of numbers, expected %d", len(data), 4*m*dim)
	}
	values := make([]float32, m*dim)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values, dim, nil
}

// saveKeyedVectors writes the pair: the array first, and then the pickle that names it.
func (v *Vectors) saveKeyedVectors(path string) error {
	err := atomicfile.Write(path+arraySuffix, func(w io.Writer) error {
		head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", v.Vocabulary.Len(), v.Dim)
		head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
		raw := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
		raw = append(raw, head...)
		for _, x := range v.Values {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(v.pickle())
		return err
	})
}

// pickle returns a pickle, of protocol 2, of a KeyedVectors whose vectors lie beside it.
func (v *Vectors) pickle() []byte {
	p := []byte("\x80\x02cgensim.models.keyedvectors\nKeyedVectors\n)\x81}(") // the object, and its state as a dictionary
	text := func(s string) { p = append(binary.LittleEndian.AppendUint32(append(p, 'X'), uint32(len(s))), s...) }
	number := func(n int) { p = binary.LittleEndian.AppendUint32(append(p, 'J'), uint32(n)) }
	text("vector_size")
	number(v.Dim)
	text("index_to_key")
	p = append(p, "]("...)
	for _, w := range v.Vocabulary.words {
		text(w)
	}
	p = append(p, 'e')
	text("next_index")
	number(v.Vocabulary.Len())
	text("key_to_index")
	p = append(p, "}("...)
	for i, w := range v.Vocabulary.words {
		text(w)
		number(i)
	}
	p = append(p, 'u')
	text("expandos")
	p = append(p, '}')
	if v.Vocabulary.counts != nil {
		text("count")
		p = append(p, "cnumpy\narray\n]("...)
		for _, n := range v.Vocabulary.counts {
			p = binary.LittleEndian.AppendUint64(append(p, 0x8a, 8), uint64(n))
		}
		p = append(p, "e\x85Rs"...)
	}
	for _, name := range []string{"norms", "mapfile_path", "lifecycle_events"} {
		text(name)
		p = append(p, 'N')
	}
	for _, name := range []string{"__scipys", "__ignoreds", "__recursive_saveloads"} {
		text(name)
		p = append(p, ']')
	}
	text("__numpys")
	p = append(p, ']')
	text("vectors")
	return append(p, "aub."...)
}
