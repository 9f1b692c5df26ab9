package prefer

import "fmt"

// References returns the log-probabilities by a reference that rows have, two for each pair, the better text's first; nil for none.
func (p *Pairs) References() []float32 {
	var all []float32
	for _, both := range p.reference {
		all = append(all, both[:]...)
	}
	return all
}

// SetReferences gives rows what References returned for the same pairs.
func (p *Pairs) SetReferences(all []float32) error {
	if len(all) != 2*len(p.pairs) {
		return fmt.Errorf("prefer: %d log-probabilities of a reference for %d pairs, expected %d", len(all), len(p.pairs), 2*len(p.pairs))
	}
	p.reference = make([][2]float32, len(p.pairs))
	for i := range p.reference {
		p.reference[i] = [2]float32(all[2*i:])
	}
	return nil
}

// References returns the log-probabilities by a reference that rows have, two for each text, the second of its prompt with the completion of the next;
// nil for none.
func (t *Texts) References() []float32 {
	var all []float32
	for i, v := range t.reference {
		all = append(all, v, t.mismatched[i])
	}
	return all
}

// SetReferences gives rows what References returned for the same texts.
func (t *Texts) SetReferences(all []float32) error {
	n := len(t.texts)
	if len(all) != 2*n {
		return fmt.Errorf("prefer: %d log-probabilities of a reference for %d texts, expected %d", len(all), n, 2*n)
	}
	t.reference, t.mismatched = make([]float32, n), make([]float32, n)
	for i := range n {
		t.reference[i], t.mismatched[i] = all[2*i], all[2*i+1]
	}
	return nil
}
