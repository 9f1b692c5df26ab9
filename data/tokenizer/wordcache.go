package tokenizer

import "github.com/seahorse-ml/seahorse/data/tokenizer/internal/packed"

// wordCache remembers the ids of words. Words of up to 15 bytes are kept in a
// table whose entries fill half a cache line, longer ones in a map.
type wordCache struct {
	slots []cacheSlot
	shift uint
	used  int
	long  map[string][]int32
	bytes int     // held by long
	spill []int32 // ids of words with more than inlineIDs tokens
}

// cacheSlot holds a word and its ids; with more than inlineIDs ids, where they are in spill.
type cacheSlot struct {
	word packed.Word
	n    int32
	ids  [inlineIDs]int32
}

const (
	inlineIDs = 3
	// maxCached is the length of the longest word that is worth remembering.
	maxCached = 64
	// maxSlots bounds the table to 32 MiB, maxLongBytes what the map holds, maxSpill the ids beside the table.
	maxSlots     = 1 << 20
	maxLongBytes = 16 << 20
	maxSpill     = 8 << 20
)

func newWordCache() *wordCache {
	const initial = 1 << 13
	return &wordCache{slots: make([]cacheSlot, initial), shift: 64 - 13, long: map[string][]int32{}}
}

// find returns the slot of a word: its own if it is there, else the empty one that it would take.
func (c *wordCache) find(w packed.Word) *cacheSlot {
	mask := uint64(len(c.slots) - 1)
	for i := w.Hash() >> c.shift; ; i++ {
		if s := &c.slots[i&mask]; s.word == w || s.word.Hi == 0 {
			return s
		}
	}
}

// append appends the ids of the slot to dst.
func (c *wordCache) append(dst []int32, s *cacheSlot) []int32 {
	if s.n <= inlineIDs {
		return append(dst, s.ids[:s.n]...)
	}
	return append(dst, c.spill[s.ids[0]:s.ids[0]+s.n]...)
}

// put fills the slot that find returned for the word. A full cache begins anew.
func (c *wordCache) put(s *cacheSlot, w packed.Word, ids []int32) {
	if 2*c.used >= len(c.slots) {
		c.grow()
		s = c.find(w)
	}
	s.word, s.n = w, int32(len(ids))
	if len(ids) <= inlineIDs {
		copy(s.ids[:], ids)
	} else {
		if len(c.spill) > maxSpill {
			c.clear()
			s = c.find(w)
			s.word, s.n = w, int32(len(ids))
		}
		s.ids[0] = int32(len(c.spill))
		c.spill = append(c.spill, ids...)
	}
	c.used++
}

func (c *wordCache) clear() {
	clear(c.slots)
	c.used, c.spill = 0, c.spill[:0]
}

func (c *wordCache) grow() {
	if len(c.slots) >= maxSlots {
		c.clear()
		return
	}
	old := c.slots
	c.slots = make([]cacheSlot, 2*len(old))
	c.shift--
	for i := range old {
		if s := &old[i]; s.word.Hi != 0 {
			*c.find(s.word) = *s
		}
	}
}

// putLong remembers a word of more than 15 bytes.
func (c *wordCache) putLong(word []byte, ids []int32) {
	const overhead = 64
	size := len(word) + 4*len(ids) + overhead
	if len(word) > maxCached {
		return
	}
	if c.bytes += size; c.bytes > maxLongBytes {
		clear(c.long)
		c.bytes = size
	}
	c.long[string(word)] = append([]int32(nil), ids...)
}
