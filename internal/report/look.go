package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// DataLook is what the data of a run look like.
type DataLook struct {
	Tokens    int
	Targets   int
	Documents int
	Lengths   []LengthBar // of the documents, where there are several
	First     []string    // what the first documents begin with
}

// A LengthBar counts documents of like length.
type LengthBar struct {
	From, To  int // tokens, both included
	Documents int
}

// Sizes of a look at data.
const (
	firstDocuments = 3
	firstTokens    = 120   // of a document that are shown
	mostMeasured   = 50000 // documents whose lengths are counted
	lengthBars     = 24
)

// Look looks at the encoded data of a run: its token file, by its tokenizer. A run that has no token file any more has no look.
func Look(dir string) (*DataLook, error) {
	path := filepath.Join(dir, "tokens.bin")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	f, err := data.OpenTokens(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &DataLook{Tokens: f.Len(), Targets: f.Targets(), Documents: f.Documents()}
	if l.Documents > 1 {
		l.measure(f.Tokens)
	}
	if _, err := os.Stat(filepath.Join(dir, "tokenizer.json")); err != nil {
		return l, nil
	}
	t, err := tokenizer.Load(dir)
	if err != nil {
		return l, fmt.Errorf("the beginnings of the data aren't shown: %w", err)
	}
	for d := range min(l.Documents, firstDocuments) {
		lo, hi := f.Document(d)
		ids := make([]int32, min(hi-lo, firstTokens))
		for i := range ids {
			ids[i] = f.At(lo + i)
		}
		text := string(t.Decode(ids, false))
		if hi-lo > firstTokens {
			text += " …"
		}
		l.First = append(l.First, strings.ToValidUTF8(text, "�"))
	}
	return l, nil
}

// measure counts lengths of documents.
func (l *DataLook) measure(t *data.Tokens) {
	n := min(l.Documents, mostMeasured)
	lengths := make([]int, n)
	longest := 0
	for d := range n {
		lo, hi := t.Document(d)
		lengths[d] = hi - lo
		longest = max(longest, hi-lo)
	}
	step := max(1, (longest+lengthBars)/lengthBars)
	l.Lengths = make([]LengthBar, longest/step+1)
	for i := range l.Lengths {
		l.Lengths[i].From, l.Lengths[i].To = i*step, (i+1)*step-1
	}
	for _, length := range lengths {
		l.Lengths[length/step].Documents++
	}
}
