package reward

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Exact is 1 for answers that are the expected text, but for space around both, and 0 for others.
type Exact struct {
	// Part finds what of an answer is compared: the last match, or the first group of it where there are groups. Nil compares all.
	Part *regexp.Regexp
}

// Name is "exact".
func (Exact) Name() string { return "exact" }

// Expects says that it needs the expected text.
func (Exact) Expects() {}

// Rewards compares answers.
func (e Exact) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(s Sample) (float64, error) {
		if s.Expected == "" {
			return 0, errMissing
		}
		found, ok := part(e.Part, s.Answer)
		return truth(ok && strings.TrimSpace(found) == strings.TrimSpace(s.Expected)), nil
	})
}

// part returns what the last match of a pattern has of a text; all of it without a pattern.
func part(pattern *regexp.Regexp, text string) (string, bool) {
	if pattern == nil {
		return text, true
	}
	all := pattern.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return "", false
	}
	last := all[len(all)-1]
	return last[min(1, len(last)-1)], true
}

// Numeric is 1 for answers whose last number is the expected one, and 0 for others. Numbers may have a sign, commas between thousands, a fraction after a point
// and an exponent.
type Numeric struct {
	// Tolerance is how far a number may be from the expected one, in parts of that if it is above 1 or below -1; default 0, which leaves a part in 1e9 for rounding.
	Tolerance float64
}

// Name is "numeric".
func (Numeric) Name() string { return "numeric" }

// Expects says that it needs the expected number.
func (Numeric) Expects() {}

// numberPattern finds numbers.
var numberPattern = regexp.MustCompile(`[-+]?(?:(?:\d{1,3}(?:,\d{3})+\b|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?`)

// Rewards compares numbers.
func (n Numeric) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(s Sample) (float64, error) {
		if s.Expected == "" {
			return 0, errMissing
		}
		want, ok := lastNumber(s.Expected)
		if !ok {
			return 0, fmt.Errorf("the record's answer %.40q has no number", s.Expected)
		}
		got, ok := lastNumber(s.Answer)
		return truth(ok && math.Abs(got-want) <= max(n.Tolerance, 1e-9)*max(1, math.Abs(want))), nil
	})
}

// lastNumber returns the last number in a text. A sign between two numbers is one of arithmetic.
func lastNumber(text string) (float64, bool) {
	all := numberPattern.FindAllStringIndex(text, -1)
	if len(all) == 0 {
		return 0, false
	}
	lo, hi := all[len(all)-1][0], all[len(all)-1][1]
	if sign := text[lo]; (sign == '-' || sign == '+') && lo > 0 && text[lo-1] >= '0' && text[lo-1] <= '9' {
		lo++
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text[lo:hi], ",", ""), 64)
	return v, err == nil
}

// Pattern is 1 for answers in which a regular expression is found, and 0 for others.
type Pattern struct{ Pattern *regexp.Regexp }

// Name is "regex".
func (Pattern) Name() string { return "regex" }

// Rewards looks for the pattern.
func (p Pattern) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(s Sample) (float64, error) { return truth(p.Pattern.MatchString(s.Answer)), nil })
}

// Length is 0 for answers of Least to Most tokens, and below 0 for others: by the share of Most that they have too many or too few, and -1 at least.
type Length struct {
	Least, Most int // ≥ 0, and > 0
}

// Name is "length".
func (Length) Name() string { return "length" }

// Rewards counts tokens.
func (l Length) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	if l.Least < 0 || l.Most < 1 || l.Least > l.Most {
		return nil, fmt.Errorf("%d to %d tokens, expected 0 or more to 1 or more", l.Least, l.Most)
	}
	return each(samples, func(s Sample) (float64, error) {
		beyond := max(s.Tokens-l.Most, l.Least-s.Tokens, 0)
		return -min(1, float64(beyond)/float64(l.Most)), nil
	})
}
