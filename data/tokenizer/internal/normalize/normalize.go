package normalize

// Normalizer rewrites a text.
type Normalizer interface {
	Normalize(t *Text) error
}

// Sequence applies one normalizer after another.
type Sequence []Normalizer

// Normalize implements Normalizer.
func (s Sequence) Normalize(t *Text) error {
	for _, n := range s {
		if err := n.Normalize(t); err != nil {
			return err
		}
		if err := t.MayGrow(len(t.Bytes)); err != nil {
			return err
		}
	}
	return nil
}
