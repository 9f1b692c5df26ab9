package task

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// event is a line of a search's log.
type event struct {
	Step        string          `json:"step"`
	Number      int             `json:"number"`
	Pairing     *pairing        `json:"-"`
	At          []int           `json:"pairing,omitempty"` // the numbers of the instruction and of the set
	Instruction string          `json:"instruction,omitempty"`
	From        string          `json:"from,omitempty"`
	Examples    []ExamExample   `json:"examples,omitempty"`
	Questions   int             `json:"questions,omitempty"`
	Seconds     float64         `json:"seconds,omitempty"`
	Found       json.RawMessage `json:"found"`
}

// key tells which event it is.
func (e event) key() string {
	e.Seconds, e.Found = 0, nil
	text, _ := json.Marshal(e)
	return string(text)
}

// searchLog keeps what a search has found, and gives it back to one that goes on.
type searchLog struct {
	file  *os.File
	known []event // of the file, that the search hasn't come to yet
	tell  func(text string)
}

// openSearchLog opens a log, or begins one with the settings. A line that was cut off is left out.
func openSearchLog(path string, settings any, tell func(text string)) (*searchLog, error) {
	first, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	if tell == nil {
		tell = func(string) {}
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l := &searchLog{tell: tell}
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	lines := bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	if len(whole) > 0 {
		if !bytes.Equal(lines[0], first) {
			return nil, fmt.Errorf("task: prompt: %s is the log of a search with other settings, questions or another model; give another directory, or remove it", path)
		}
		for i, line := range lines[1:] {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("task: prompt: %s:%d: %w", path, i+2, err)
			}
			l.known = append(l.known, e)
		}
	}
	if l.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	if _, err := l.file.Seek(0, 2); err != nil {
		return nil, errors.Join(err, l.file.Close())
	}
	if len(whole) == 0 {
		if _, err := l.file.Write(append(first, '\n')); err != nil {
			return nil, errors.Join(err, l.file.Close())
		}
	}
	return l, nil
}

func (l *searchLog) close() error { return l.file.Close() }

// logged returns what the log has found of an event already, or else finds it and notes it.
func logged[T any](l *searchLog, e event, find func() (T, error)) (T, error) {
	var found T
	if e.Pairing != nil {
		e.At = []int{e.Pairing.instruction, e.Pairing.set}
	}
	if len(l.known) > 0 {
		k := l.known[0]
		l.known = l.known[1:]
		if k.key() != e.key() {
			return found, fmt.Errorf("task: prompt: the log goes on with %s, expected %s; it was changed, or another version of the program has written it", k.key(), e.key())
		}
		return found, json.Unmarshal(k.Found, &found)
	}
	begin := time.Now()
	found, err := find()
	if err != nil {
		return found, err
	}
	e.Seconds = float64(time.Since(begin).Milliseconds()) / 1000
	if e.Found, err = json.Marshal(found); err != nil {
		return found, err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return found, err
	}
	l.tell(fmt.Sprintf("%-11s %d  %.60s", e.Step, e.Number, e.Found))
	_, err = l.file.Write(append(line, '\n'))
	return found, err
}

// settings are what a search follows from; a log that was begun with others is another search's.
func (s *search) settings(all []question) any {
	h := sha256.New()
	for _, q := range all {
		fmt.Fprintf(h, "%q %q %q %d\n", q.prompt, q.choices, q.answers, q.right)
	}
	return struct {
		Step         string        `json:"step"`
		Model        string        `json:"model"`
		Questions    string        `json:"questions_sha256"`
		Description  string        `json:"description"`
		Examples     []ExamExample `json:"examples,omitempty"`
		PromptSearch `json:"search"`
	}{"settings", s.trained.Dir, hex.EncodeToString(h.Sum(nil)), s.exam.Description, s.exam.Examples, s.PromptSearch}
}
