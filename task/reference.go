package task

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/prefer"
)

// referenceName is the file of a run that holds the log-probabilities of the reference: little-endian float32, those of the data and then those of
// validation data of their own, and behind them the CRC-32 (IEEE) of it all.
const referenceName = "reference.bin"

// NeedsReference tells whether the run is a new one whose rows still lack the log-probabilities of a reference, which Refer computes.
func (r *Run) NeedsReference() bool {
	return r.prepared != nil && len(r.Rows.references) > 0 && !isFile(r.prepared.path(referenceName))
}

// Refer computes what the reference makes of the data, once, before the model changes, and keeps it in the run's directory. Where nothing is
// needed, it does nothing. Begin needs it done.
func (r *Run) Refer(ctx context.Context) error {
	if !r.NeedsReference() {
		return nil
	}
	m, err := r.reference()
	if err != nil {
		return err
	}
	var all []float32
	for _, d := range r.Rows.references {
		if err := d.Precompute(ctx, m, max(1, EvalBatch(d.Layout())/2)); err != nil {
			return err
		}
		all = append(all, d.References()...)
	}
	for i, v := range all {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("task: reference: the log-probability of text %d of %d is %v, expected a number", i+1, len(all), v)
		}
	}
	return atomicfile.WriteBytes(r.prepared.path(referenceName), encodeReferences(all))
}

// reference opens the model that gives the log-probabilities.
func (r *Run) reference() (prefer.Model, error) {
	o, _ := r.Objective.(Preference)
	var m models.Model
	if o.Reference == "" {
		own, err := r.model(false)
		if err != nil {
			return nil, err
		}
		m = own
	} else {
		other, err := r.otherReference(o.Reference)
		if err != nil {
			return nil, err
		}
		m = other
	}
	p, ok := m.(prefer.Model)
	if !ok {
		return nil, fmt.Errorf("task: reference: %s, expected a decoder", Described(m))
	}
	return p, nil
}

// otherReference opens a model of the same tokenizer to be held to.
func (r *Run) otherReference(dir string) (models.Model, error) {
	t, err := Open(dir, OpenConfig{})
	if err != nil {
		return nil, fmt.Errorf("task: reference: %w", err)
	}
	m := t.Model
	if !(Preference{}).Fits(m) || len(promptOf(t.Adapter)) > 0 {
		return nil, fmt.Errorf("task: reference: %s holds %s, expected a decoder without a tuned prompt", dir, Described(m))
	}
	for id := range int32(max(r.Tokenizer.VocabSize(), t.Tokenizer.VocabSize())) {
		ours, _ := r.Tokenizer.Token(id)
		theirs, _ := t.Tokenizer.Token(id)
		if ours != theirs {
			return nil, fmt.Errorf("task: reference: token %d is %q in %s and %q in the model that learns, expected the same tokenizer", id, theirs, dir, ours)
		}
	}
	if length := r.Rows.Train.Layout().Length(data.TextLength); length > m.ContextLength() {
		return nil, fmt.Errorf("task: reference: rows of %d tokens, and the context of %s is %d", length, dir, m.ContextLength())
	}
	return m, nil
}

// readReferences gives rows the log-probabilities that a run's directory holds, or zeros until they are computed.
func (r *Run) readReferences(dir string) error {
	n := 0
	for _, d := range r.Rows.references {
		n += 2 * d.Len()
	}
	all := make([]float32, n)
	path := filepath.Join(dir, referenceName)
	if r.prepared == nil && n > 0 {
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("task: reference: %w", err)
		}
		if all, err = decodeReferences(b, n); err != nil {
			return fmt.Errorf("task: reference: %s: %w", path, err)
		}
	}
	for _, d := range r.Rows.references {
		if err := d.SetReferences(all[:2*d.Len()]); err != nil {
			return err
		}
		all = all[2*d.Len():]
	}
	return nil
}

func encodeReferences(all []float32) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, all) // numbers of one size, which never fails
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// decodeReferences reads n log-probabilities.
func decodeReferences(b []byte, n int) ([]float32, error) {
	if len(b) != 4*n+4 {
		return nil, fmt.Errorf("%d bytes, expected %d for %d log-probabilities", len(b), 4*n+4, n)
	}
	if crc32.ChecksumIEEE(b[:4*n]) != binary.LittleEndian.Uint32(b[4*n:]) {
		return nil, errors.New("damaged: the checksum differs")
	}
	all := make([]float32, n)
	_, err := binary.Decode(b, binary.LittleEndian, all)
	return all, err
}
