package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/random"
	"github.com/seahorse-ml/seahorse/prefer"
)

// promptRecord is what checkers are told of a prompt.
type promptRecord struct {
	Prompt   string          `json:"prompt"`
	Expected string          `json:"expected"`
	Record   json.RawMessage `json:"record"`
}

// newPromptRecord keeps a record, with the text of its prompt.
func newPromptRecord(o *orderedjson.Object, text string) promptRecord {
	p := promptRecord{Prompt: text, Record: orderedjson.Append(nil, o, orderedjson.Format{})}
	if answer, ok := o.Get("answer"); ok && answer != nil {
		if said, isText := answer.(string); isText {
			p.Expected = said
		} else {
			p.Expected = string(orderedjson.Append(nil, answer, orderedjson.Format{}))
		}
	}
	return p
}

// writePrompts writes records as JSON lines.
func writePrompts(path string, records []promptRecord) error {
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	for _, r := range records {
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return atomicfile.WriteBytes(path, out.Bytes())
}

// prompt is a prompt with its tokens.
type prompt struct {
	promptRecord
	ids []int32
}

// readPrompts reads the prompts of a token file and the records beside it.
func readPrompts(t *data.Tokens, path string) ([]prompt, error) {
	path = promptsName(path)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("task: prompts: %w", err)
	}
	prompts := make([]prompt, t.Documents())
	lines := json.NewDecoder(bytes.NewReader(raw))
	for d := range prompts {
		if err := lines.Decode(&prompts[d].promptRecord); err != nil {
			return nil, fmt.Errorf("task: prompts: %s: record %d of %d: %w", path, d+1, len(prompts), err)
		}
		lo, hi := t.Document(d)
		prompts[d].ids = tokensOf(t, lo, hi)
	}
	return prompts, nil
}

// promptStream is the stream of random numbers that draw prompts.
const promptStream = 0x6752504f << 32

// apart keeps n prompts apart that chance draws.
func apart(all []prompt, n int, seed uint64) (rest, held []prompt) {
	order := random.NewPermutation(uint64(len(all)), seed, promptStream-1)
	drawn := map[int]bool{}
	for i := range n {
		drawn[int(order.At(uint64(i)))] = true
	}
	for i, p := range all {
		if drawn[i] {
			held = append(held, p)
		} else {
			rest = append(rest, p)
		}
	}
	return rest, held
}

// promptRows is the rows of samples, which a feeder fills: as a dataset it tells their layout, and how many there are in an epoch.
type promptRows struct {
	train, held []prompt
	longest     int // tokens of a prompt
	samples     prefer.SamplesConfig
	epoch       int
}

// Len returns the samples in an epoch, as often as they are learned from.
func (p *promptRows) Len() int { return p.epoch }

// Layout returns what a row has.
func (p *promptRows) Layout() data.Layout {
	s, err := prefer.NewSamples(nil, p.samples)
	if err != nil { // rows of no tokens, which GRPO.Rows refuses
		return data.Layout{}
	}
	return s.Layout()
}

// Fill leaves padding.
func (p *promptRows) Fill(data.Row, int, uint64) {}
