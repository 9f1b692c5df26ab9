package agent

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/agent/tool"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// byteEncoder encodes a text by its bytes.
type byteEncoder struct{}

func (byteEncoder) AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, _ bool) ([]int32, []bool) {
	for i, b := range text {
		learn := false
		for _, s := range spans {
			learn = learn || s[0] <= i && i < s[1]
		}
		ids, targets = append(ids, int32(b)), append(targets, learn)
	}
	return ids, targets
}

func (e byteEncoder) AppendLiteral(ids []int32, targets []bool, text []byte, spans, _ [][2]int) ([]int32, []bool) {
	return e.AppendTargets(ids, targets, text, spans, false)
}

func (byteEncoder) HoldsToken(text []byte) bool { return bytes.Contains(text, []byte("<|im_end|>")) }

// TestKeptIsLearned encodes a kept conversation as sft does: the model's turns are learned, with the calls, and nothing that a tool returned.
func TestKeptIsLearned(t *testing.T) {
	set, err := tool.NewSet(tool.Limits{}, tool.Calculator{})
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Tools: set, Writer: scripted(func(c chat.Conversation) string {
		if last(c).Role == "tool" {
			return "It is " + last(c).Content + "."
		}
		return calls("calculator", "expression", "6*7")
	})}
	answer, err := a.Ask(t.Context(), "What is 6*7?", 0)
	if err != nil {
		t.Fatal(err)
	}
	o, err := orderedjson.DecodeObject(Record(answer.Conversations[0].Conversation))
	if err != nil {
		t.Fatal(err)
	}
	c, err := chat.FromRecord(o)
	if err != nil {
		t.Fatal(err)
	}
	const source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}{{ m.content or '' }}{% for c in m.tool_calls or [] %}<tool_call>\n" +
		"{\"name\": {{ c.function.name | tojson }}, \"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n{% endgeneration %}{% else %}{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
	template, err := chat.NewTemplate(chat.TemplateConfig{Name: "t", Source: source})
	if err != nil {
		t.Fatal(err)
	}
	e, err := chat.Encoding{Template: template, Encoder: byteEncoder{}}.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	var learned strings.Builder
	for i, l := range e.Learn {
		if l {
			learned.WriteByte(e.Text[i])
		}
	}
	const want = "<tool_call>\n{\"name\": \"calculator\", \"arguments\": {\"expression\": \"6*7\"}}\n</tool_call><|im_end|>\nIt is 42.<|im_end|>\n"
	if learned.String() != want {
		t.Errorf("%q is learned, expected %q", learned.String(), want)
	}
}
