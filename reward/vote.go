package reward

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Vote says what of answers is compared where several to one prompt vote for what is right (self-consistency: Wang et al., 2022).
type Vote struct {
	Number  bool           // the last number
	Pattern *regexp.Regexp // the last match, or its first group; nil without Number takes the whole text
}

// ParseVote returns what "number", "text" or a regular expression says.
func ParseVote(text string) (Vote, error) {
	switch text {
	case "number":
		return Vote{Number: true}, nil
	case "text":
		return Vote{}, nil
	}
	p, err := regexp.Compile(text)
	if err != nil {
		return Vote{}, fmt.Errorf("reward: vote %q: %w; expected number, text or a regular expression", text, err)
	}
	return Vote{Pattern: p}, nil
}

// Of returns what an answer votes for; ok is false where it has no such part.
func (v Vote) Of(answer string) (value string, ok bool) {
	if v.Number {
		n, ok := lastNumber(answer)
		return strconv.FormatFloat(n, 'g', -1, 64), ok
	}
	found, ok := part(v.Pattern, answer)
	return strings.TrimSpace(found), ok
}

// Majority returns what most answers vote for, of several with as many votes the first one, and how many they are. Without any vote it is none.
func (v Vote) Majority(answers []string) (value string, votes int) {
	counts := map[string]int{}
	for _, a := range answers {
		if said, ok := v.Of(a); ok {
			counts[said]++
		}
	}
	for _, a := range answers {
		if said, ok := v.Of(a); ok && counts[said] > votes {
			value, votes = said, counts[said]
		}
	}
	return value, votes
}
