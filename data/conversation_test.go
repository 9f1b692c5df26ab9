package data

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// turns encodes a conversation by bytes, of which those of the assistant are learned.
func turns(record *orderedjson.Object) (EncodedRecord, error) {
	var r EncodedRecord
	messages, _ := record.Values["messages"].([]any)
	for _, m := range messages {
		o := m.(*orderedjson.Object)
		text := o.Values["content"].(string)
		if text == "bad" {
			return r, errors.New("a bad message")
		}
		for _, b := range []byte(text) {
			r.IDs, r.Learn = append(r.IDs, int32(b)), append(r.Learn, o.Values["role"] == "assistant")
		}
		r.Text += text
	}
	return r, nil
}

func encodeText(t *testing.T, text string, c EncodeConfig) (*Tokens, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return Encode(context.Background(), s, byteEncoder{}, c)
}

const someTurns = `{"messages": [{"role": "user", "content": "abc"}, {"role": "assistant", "content": "de"}]}
{"messages": [{"role": "user", "content": "fghijkl"}, {"role": "assistant", "content": "m"}]}
{"messages": [{"role": "assistant", "content": "n"}, {"role": "user", "content": "opqrs"}]}
`

func TestConversations(t *testing.T) {
	for _, c := range []struct {
		limit   *LengthLimit
		want    string // ids of documents, capitals to be learned
		dropped int
		cut     int
		first   string
	}{
		{nil, "abcDE fghijklM Nopqrs", 0, 0, ""},
		{&LengthLimit{Most: 6, How: TruncateDrop}, "abcDE Nopqrs", 1, 0, "x.jsonl:2: 8 tokens, more than 6"},
		{&LengthLimit{Most: 4, How: TruncateLeft}, "bcDE jklM", 1, 2, "x.jsonl:1: 5 tokens, more than 4"},
		{&LengthLimit{Most: 4, How: TruncateRight}, "abcD", 2, 1, "x.jsonl:1: 5 tokens, more than 4"},
	} {
		tokens, err := encodeText(t, someTurns, EncodeConfig{Conversation: turns, Limit: c.limit, EndOfText: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for d := range tokens.Documents() {
			lo, hi := tokens.Document(d)
			var b strings.Builder
			for i := lo; i < hi; i++ {
				letter := string(rune(tokens.At(i)))
				if tokens.Target(i) {
					letter = strings.ToUpper(letter)
				}
				b.WriteString(letter)
			}
			got = append(got, b.String())
		}
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if c.limit == nil {
			continue
		}
		r := c.limit.Report()
		if r.Dropped != c.dropped || r.Cut != c.cut || !strings.Contains(r.First[0].Error(), c.first) {
			t.Errorf("report %+v, want %d dropped, %d cut, first %q", r, c.dropped, c.cut, c.first)
		}
	}
}

func TestConversationFaults(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit *LengthLimit
		want  string
	}{
		{someTurns, &LengthLimit{Most: 6, How: TruncateError}, "x.jsonl:2: 8 tokens, more than 6"},
		{someTurns, &LengthLimit{Most: 1, How: TruncateDrop}, "all records are too long"},
		{someTurns, &LengthLimit{How: TruncateDrop}, "Most is 0"},
		{someTurns, &LengthLimit{Most: 1, How: "up"}, `How is "up", expected drop`},
		{someTurns + `{"messages": [{"role": "user", "content": "bad"}]}`, nil, "x.jsonl:4: a bad message"},
		{`{"messages": [{"role": "user", "content": "a"}]}`, nil, "nothing to learn"},
	} {
		if _, err := encodeText(t, c.text, EncodeConfig{Conversation: turns, Limit: c.limit}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := encodeText(t, someTurns, EncodeConfig{}); err == nil || !strings.Contains(err.Error(), "a conversation") {
		t.Errorf("without a hook: %v", err)
	}
}
