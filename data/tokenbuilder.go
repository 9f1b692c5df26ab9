package data

// TokenBuilder makes Tokens in memory from documents of one's own ids; a TokenWriter makes a file of them. Methods are
// not safe for concurrent use.
type TokenBuilder struct{ writer *memoryWriter }

// NewTokenBuilder begins tokens of ids below vocab.
func NewTokenBuilder(vocab int) (*TokenBuilder, error) {
	w, err := newMemoryWriter(vocab)
	return &TokenBuilder{w}, err
}

// From says where the tokens that are added next come from, which isn't kept.
func (b *TokenBuilder) From(o Origin) error { return b.writer.From(o) }

// Append adds tokens to the document; learn tells whether they are to be learned or only context.
func (b *TokenBuilder) Append(ids []int32, learn bool) error { return b.writer.Append(ids, learn) }

// EndDocument ends the document.
func (b *TokenBuilder) EndDocument() error { return b.writer.EndDocument() }

// Describe says what labels the documents have, before the first is added. From then on each is an Example.
func (b *TokenBuilder) Describe(l Labels) error { return b.writer.Describe(l) }

// AppendExample adds a document with its label.
func (b *TokenBuilder) AppendExample(x Example) error { return b.writer.AppendExample(x) }

// Tokens returns what was added. Nothing can be added after it.
func (b *TokenBuilder) Tokens() (*Tokens, error) { return b.writer.tokens() }
