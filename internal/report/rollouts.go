package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seahorse-ml/seahorse/task"
)

// Bounds of the answers in a page that a run learned from by their rewards.
const (
	firstPrompts    = 4       // of a run, whose answers are shown from its beginning
	lastPrompts     = 12      // and from its end
	mostAnswers     = 64      // to a prompt
	rolloutsEnd     = 1 << 20 // bytes that are read of either end of the file
	rolloutsBytes   = 400000  // of the texts of all runs
	leastAnswerText = 60      // bytes of an answer
)

// Judged is what a model answered to a prompt in a round, which was rewarded.
type Judged struct {
	Step     int // the first that learned from it
	Prompt   string
	Expected string // "": not known
	Answers  []task.Rollout
	More     int // answers that aren't shown
}

// Mean returns the mean reward of the answers that have one; nil where none has.
func (j Judged) Mean() *float64 {
	sum, n := 0.0, 0
	for _, a := range j.Answers {
		if a.Reward != nil {
			sum, n = sum+*a.Reward, n+1
		}
	}
	if n == 0 {
		return nil
	}
	sum /= float64(n)
	return &sum
}

// Title is what the prompt begins with.
func (j Judged) Title() string { return cutText(j.Prompt, 160) }

// readRollouts reads the answers that a run began with and those that it came to. What lies between isn't read, since a long run has millions.
func (r *Run) readRollouts() {
	head, tail, err := readEnds(filepath.Join(r.Dir, task.RolloutsName), rolloutsEnd)
	if err != nil {
		r.note(fmt.Errorf("report: %w", err))
		return
	}
	first, bad := judged(head)
	last, worse := judged(tail)
	if bad += worse; bad > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: lines that can't be read and are left out: %d", task.RolloutsName, bad))
	}
	if tail == nil { // all of it is in the head
		n := min(len(first), firstPrompts)
		r.Rollouts = append(first[:n:n], first[max(n, len(first)-lastPrompts):]...)
		return
	}
	if len(last) > 1 { // its first prompt may have had answers before
		last = last[1:]
	}
	r.Rollouts = append(first[:min(len(first), firstPrompts)], last[max(0, len(last)-lastPrompts):]...)
}

// readEnds returns the whole lines among the first bytes of a file and those among its last, or all of a short file as its head. A file that isn't there is empty.
func readEnds(path string, most int64) (head, tail []byte, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	size := info.Size()
	head = make([]byte, min(size, 2*most))
	if size > 2*most {
		head, tail = head[:most], make([]byte, most)
		if _, err := f.ReadAt(tail, size-most); err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
		}
		tail = tail[bytes.IndexByte(tail, '\n')+1:]
	}
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	whole := func(b []byte) []byte { return b[:bytes.LastIndexByte(b, '\n')+1] } // what follows is a line that is being written, or was cut
	return whole(head[:n]), whole(tail), nil
}

// judged returns the answers in lines by their prompts, in their order, and how many lines are none.
func judged(lines []byte) (all []Judged, bad int) {
	for line := range bytes.Lines(lines) {
		var a task.Rollout
		if json.Unmarshal(line, &a) != nil || a.Step == 0 {
			bad++
			continue
		}
		if n := len(all); n == 0 || all[n-1].Step != a.Step || all[n-1].Prompt != a.Prompt {
			all = append(all, Judged{Step: a.Step, Prompt: a.Prompt, Expected: a.Expected})
		}
		last := &all[len(all)-1]
		last.Answers = append(last.Answers, a)
	}
	return all, bad
}

// pickRollouts returns the answers with as much of their texts as bytes have room for.
func pickRollouts(all []Judged, room int) []Judged {
	texts := 0
	for _, j := range all {
		texts += 1 + min(len(j.Answers), mostAnswers)
	}
	most := max(leastAnswerText, room/max(1, texts))
	picked := make([]Judged, len(all))
	for i, j := range all {
		j.Prompt, j.Expected = cutText(j.Prompt, most), cutText(j.Expected, most)
		n := min(len(j.Answers), mostAnswers)
		j.More = len(j.Answers) - n
		j.Answers = slices.Clone(j.Answers[:n])
		for k := range j.Answers {
			a := &j.Answers[k]
			a.Answer, a.Episode = cutText(a.Answer, most), cutText(a.Episode, most)
		}
		picked[i] = j
	}
	return picked
}

// Rewarded tells whether a run has learned from answers by their rewards.
func (r *Report) Rewarded() bool {
	return slices.ContainsFunc(r.Runs, func(run *Run) bool { return len(run.Rollouts) > 0 })
}
