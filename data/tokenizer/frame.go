package tokenizer

// Frame returns a text, or a pair of texts where pair is not nil, with the special tokens that frame them: the ids, the type of each
// token (0 for the first text and its frame, mostly 1 for the second) and the bytes of its text that it stands for, none for the frame.
// Where there are more than maxLength tokens the texts are cut at their end, the longer one first.
func (t *Tokenizer) Frame(text, pair []byte, maxLength int) (ids, types []int32, offsets [][2]int, cut bool, err error) {
	o := EncodeOptions{AddSpecial: true, Pair: pair}
	e, err := t.Encode(text, o)
	if cut = err == nil && e.Len() > maxLength; cut {
		o.MaxLength = maxLength
		e, err = t.Encode(text, o)
	}
	return e.IDs, e.TypeIDs, e.Offsets, cut, err
}
