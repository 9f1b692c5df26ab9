package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/show"
)

// Shown is a text as a model is looked at with it, with what its tokens stand for.
type Shown struct {
	show.Text
	Tokens []ShownToken // of Text.IDs
	Source []ShownToken // of Text.Source
}

// A ShownToken is a token with its text.
type ShownToken struct {
	ID      int32
	Text    string // with the space before it; "" for one that ends within a character, which belongs to the next one
	Special bool   // it frames the text
	Word    int    // the number of its word in the text, -1 for what frames it
}

// ShownConfig configures Trained.Shown.
type ShownConfig struct {
	Pair string // the second text of a pair, for encoders; "" for none
	// IDs are those of the text in its place, as a chat template gives them; nil encodes the text.
	IDs []int32
	// Answer is what a decoder or encoder-decoder writes behind the text or about it.
	Answer string
	// Written are the ids of an answer in its place; nil encodes Answer.
	Written []int32
}

// Shown encodes a text as the model has learned such texts. It isn't cut.
func (t *Trained) Shown(text string, c ShownConfig) (*Shown, error) {
	s := &Shown{}
	var err error
	if _, writes := t.Model.(generate.Model); writes {
		err = t.writes(s, text, c)
	} else {
		err = t.reads(s, text, c)
	}
	if err != nil {
		return nil, err
	}
	if prompt := promptOf(t.Adapter); len(prompt) > 0 {
		s.IDs = slices.Concat(prompt, s.IDs)
		if s.Types != nil {
			s.Types = slices.Concat(make([]int32, len(prompt)), s.Types)
		}
	}
	if most := t.Model.ContextLength(); max(len(s.IDs), len(s.Text.Source)) > most {
		return nil, fmt.Errorf("task: a text of %d tokens, and the model's context is %d", max(len(s.IDs), len(s.Text.Source)), most)
	}
	s.Tokens, s.Source = shownTokens(t.Tokenizer, s.IDs), shownTokens(t.Tokenizer, s.Text.Source)
	return s, nil
}

// writes encodes what a model that writes reads.
func (t *Trained) writes(s *Shown, text string, c ShownConfig) error {
	if c.Pair != "" {
		return errors.New("task: the second text of a pair is for encoders")
	}
	ids := c.IDs
	if ids == nil {
		w, err := t.Writer()
		if err != nil {
			return err
		}
		if ids, err = w.Encode(text); err != nil {
			return err
		}
	}
	_, about := t.Model.(generate.Encoder)
	answer := c.Written
	if answer == nil && c.Answer != "" {
		if answer = t.Tokenizer.AppendPart(nil, []byte(c.Answer), about, true, about); about {
			answer = withEnd(t.Tokenizer, answer)
		}
	}
	if about {
		s.Text.Source, s.IDs = ids, answer
		return nil
	}
	s.IDs = slices.Concat(ids, answer)
	return nil
}

// reads encodes what a model that doesn't write reads.
func (t *Trained) reads(s *Shown, text string, c ShownConfig) error {
	if c.Answer != "" || len(c.Written) > 0 {
		return fmt.Errorf("task: %s holds %s, which writes no answers", t.Dir, Described(t.Model))
	}
	var pair []byte
	if c.Pair != "" {
		pair = []byte(c.Pair)
	}
	var err error
	if s.IDs, s.Types, _, _, err = t.Tokenizer.Frame([]byte(text), pair, t.Model.ContextLength()+1); err != nil {
		return err
	}
	if len(s.IDs) == 0 {
		return errors.New("task: the text has no tokens")
	}
	if _, typed := t.Model.(*models.RewardModel); typed {
		s.Types = nil
	}
	return nil
}

// shownTokens returns what tokens stand for, with those of a word together.
func shownTokens(t *tokenizer.Tokenizer, ids []int32) []ShownToken {
	tokens := make([]ShownToken, len(ids))
	stream := t.NewDecodeStream(false)
	unknown, hasUnknown := t.Special("unk_token")
	for i, id := range ids {
		_, known := t.Token(id)
		tokens[i] = ShownToken{ID: id, Special: !known || !(hasUnknown && id == unknown) && len(t.Decode(ids[i:i+1], true)) == 0 && len(t.Decode(ids[i:i+1], false)) > 0}
		if !known { // of a trained prompt
			tokens[i].Text = fmt.Sprintf("[%d]", id)
			continue
		}
		tokens[i].Text = string(stream.Push(id))
	}
	if n := len(tokens); n > 0 {
		tokens[n-1].Text += string(stream.Flush())
	}
	numberWords(tokens)
	return tokens
}

// numberWords numbers the words of tokens. One that ends within a character is of the word of the token that completes it.
func numberWords(tokens []ShownToken) {
	word, last, pending := -1, rune(0), 0
	for i := range tokens {
		x := &tokens[i]
		switch {
		case x.Special:
			x.Word, last, pending = -1, 0, 0
			continue
		case x.Text == "":
			pending++
			x.Word = word + 1
			continue
		}
		first, _ := utf8.DecodeRuneInString(x.Text)
		if last == 0 || !joined(last, first) {
			word++
		}
		for k := i - pending; k <= i; k++ {
			tokens[k].Word = word
		}
		pending = 0
		last, _ = utf8.DecodeLastRuneInString(x.Text)
	}
}

// joined tells whether two characters that follow on each other are of one word.
func joined(a, b rune) bool {
	part := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
	}
	return part(a) && part(b) || strings.ContainsRune("'’", b) && part(a) || strings.ContainsRune("'’", a) && part(b)
}
