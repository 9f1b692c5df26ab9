package task

import (
	"context"
	"fmt"
	"math"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// choose finds the likeliest choice of each question, by the sum of its tokens' log-probabilities (acc) and by that for each of its characters (acc_norm).
func (e *Exam) choose(ctx context.Context, t *Trained, m models.CausalLM, all []question, contexts []string, progress func(done, total int)) ([]ExamAnswer, error) {
	s := &likelihoods{model: m, trained: t, traces: map[[2]int]*likelihoodTrace{}}
	defer s.close()
	blank := ""
	if e.Calibrate {
		blank = e.Description + e.blank()
	}
	var answers []ExamAnswer
	for i, q := range all {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		scores, err := s.of(contexts[i], *e.Delimiter, q.choices)
		if err == nil && e.Calibrate {
			var free []float64
			if free, err = s.of(blank, *e.Delimiter, q.choices); err == nil {
				for j := range scores {
					scores[j] -= free[j]
				}
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.place, err)
		}
		best, bestNorm := 0, 0
		for j := range scores {
			if scores[j] > scores[best] {
				best = j
			}
			if scores[j]/characters(q.choices[j]) > scores[bestNorm]/characters(q.choices[bestNorm]) {
				bestNorm = j
			}
		}
		answers = append(answers, ExamAnswer{Place: q.place, Context: contexts[i], Choices: q.choices, Scores: scores, Chosen: q.choices[best], Expected: []string{q.choices[q.right]},
			Metrics: map[string]float64{"acc": oneIf(best == q.right), "acc_norm": oneIf(bestNorm == q.right)}})
		progress(i+1, len(all))
	}
	return answers, nil
}

func characters(s string) float64 { return float64(max(1, utf8.RuneCountInString(s))) }

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// blank returns a question whose fields are all "N/A".
func (e *Exam) blank() string {
	fields := map[string]any{}
	for _, node := range e.question.Root.Nodes {
		action, ok := node.(*parse.ActionNode)
		if !ok {
			continue
		}
		for _, c := range action.Pipe.Cmds {
			for _, arg := range c.Args {
				if f, ok := arg.(*parse.FieldNode); ok {
					fields[f.Ident[0]] = "N/A"
				}
			}
		}
	}
	var b strings.Builder
	if err := template.Must(e.question.Clone()).Option("missingkey=zero").Execute(&b, fields); err != nil {
		return "N/A"
	}
	return b.String()
}

// likelihoods computes log-likelihoods of texts behind others.
type likelihoods struct {
	model   models.CausalLM
	trained *Trained
	traces  map[[2]int]*likelihoodTrace
}

type likelihoodTrace struct {
	machine       *graph.Machine
	ids, segments *graph.Node
	logits        *graph.Node
}

func (s *likelihoods) close() {
	for _, t := range s.traces {
		t.machine.Close()
	}
}

// of returns the log-likelihood of each choice behind a context: the sum over the tokens that the whole text has behind those of the context. White space at the end of
// the context goes to the choice, so that words are cut as in a text.
func (s *likelihoods) of(context, delimiter string, choices []string) ([]float64, error) {
	stripped := strings.TrimRightFunc(context, unicode.IsSpace)
	prompt := s.trained.Tokenizer.AppendPart(nil, []byte(stripped), true, false, true)
	rows := make([][]int32, len(choices))
	longest := 0
	for i, c := range choices {
		rows[i] = s.trained.Tokenizer.AppendPart(nil, []byte(context+delimiter+c), true, false, true)
		longest = max(longest, len(rows[i]))
	}
	if len(prompt) == 0 {
		return nil, fmt.Errorf("a question without tokens")
	}
	if longest > s.model.ContextLength() {
		return nil, fmt.Errorf("%w: %d tokens with an answer, and the model's context is %d", errTooLong, longest, s.model.ContextLength())
	}
	t, err := s.trace(len(choices), min(s.model.ContextLength(), (longest+31)/32*32))
	if err != nil {
		return nil, err
	}
	width := t.ids.Shape()[1]
	ids, segments := graph.Ints(t.ids), graph.Ints(t.segments)
	for i, row := range rows {
		for j := range width {
			ids[i*width+j], segments[i*width+j] = 0, -1
			if j < len(row) {
				ids[i*width+j], segments[i*width+j] = row[j], 0
			}
		}
	}
	if err := t.machine.RunAll(); err != nil {
		return nil, err
	}
	v := s.model.VocabSize()
	logits := graph.Floats[float32](t.logits)
	scores := make([]float64, len(choices))
	for i, row := range rows {
		for j := min(len(prompt), len(row)-1); j < len(row); j++ {
			at := (i*width + j - 1) * v
			scores[i] += logProbability(logits[at:at+v], int(row[j]))
		}
	}
	return scores, nil
}

func (s *likelihoods) trace(rows, width int) (*likelihoodTrace, error) {
	key := [2]int{rows, width}
	if t := s.traces[key]; t != nil {
		return t, nil
	}
	g := graph.New(graph.Config{DType: tensor.Float32})
	t := &likelihoodTrace{ids: g.Input("ids", tensor.Int32, rows, width), segments: g.Input("segments", tensor.Int32, rows, width)}
	t.logits = s.model.Logits(g, t.ids, t.segments)
	var err error
	if t.machine, err = graph.Compile(g, t.logits); err != nil {
		return nil, err
	}
	s.traces[key] = t
	return t, nil
}

// logProbability returns the logarithm of the softmax of one logit.
func logProbability(logits []float32, id int) float64 {
	highest := logits[0]
	for _, x := range logits {
		highest = max(highest, x)
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x - highest))
	}
	return float64(logits[id]-highest) - math.Log(sum)
}
