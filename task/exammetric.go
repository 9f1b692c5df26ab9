package task

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// metric says how well a written answer meets an expected one, from 0 to 1.
type metric func(got, want string) float64

// metrics returns the exam's, by name.
func (e *Exam) metrics() (map[string]metric, error) {
	all := map[string]metric{}
	for _, name := range e.Metrics {
		switch name {
		case "exact_match":
			all[name] = func(got, want string) float64 { return oneIf(strings.TrimSpace(got) == strings.TrimSpace(want)) }
		case "f1":
			all[name] = wordF1
		case "rouge_l":
			all[name] = rougeL
		case "chrf":
			all[name] = chrF
		case "json":
			all[name] = sameJSON
		case "regex":
			if e.Pattern == "" {
				return nil, errors.New(`pattern "" for the metric regex: expected a regular expression`)
			}
			pattern, err := regexp.Compile(e.Pattern)
			if err != nil {
				return nil, fmt.Errorf("pattern %q for the metric regex: %w", e.Pattern, err)
			}
			all[name] = func(got, want string) float64 {
				found := pattern.FindStringSubmatch(got)
				return oneIf(found != nil && strings.TrimSpace(found[min(1, len(found)-1)]) == strings.TrimSpace(want))
			}
		default:
			return nil, fmt.Errorf("metric %q, expected exact_match, f1, rouge_l, chrf, regex or json", name)
		}
	}
	return all, nil
}

var articles = regexp.MustCompile(`\b(a|an|the)\b`)

// wordF1 is SQuAD's: the F1 of words in common, without case, punctuation and articles.
func wordF1(got, want string) float64 {
	words := func(s string) []string {
		s = strings.Map(func(r rune) rune {
			if unicode.IsPunct(r) || strings.ContainsRune("$+<=>^`|~", r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
		return strings.Fields(articles.ReplaceAllString(s, " "))
	}
	a, b := words(got), words(want)
	if len(a) == 0 || len(b) == 0 {
		return oneIf(len(a) == len(b))
	}
	return f1(float64(inCommon(a, b)), len(a), len(b))
}

// f1 is the harmonic mean of the shares of n that are common.
func f1(common float64, n, m int) float64 {
	if common == 0 {
		return 0
	}
	return 2 * common / float64(n+m)
}

// inCommon counts what two lists have in common, each as often as in both.
func inCommon[T comparable](a, b []T) int {
	count := map[T]int{}
	for _, x := range a {
		count[x]++
	}
	n := 0
	for _, x := range b {
		if count[x] > 0 {
			count[x]--
			n++
		}
	}
	return n
}

// rougeL is the F1 of the longest common subsequence of words (Lin, 2004): letters and digits of ASCII in lower case, as in Google's rouge_score.
func rougeL(got, want string) float64 {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	}
	a, b := words(got), words(want)
	row := make([]int, len(b)+1)
	for _, x := range a {
		before := 0
		for j, y := range b {
			above := row[j+1]
			switch {
			case x == y:
				row[j+1] = before + 1
			default:
				row[j+1] = max(above, row[j])
			}
			before = above
		}
	}
	return f1(float64(row[len(b)]), len(a), len(b))
}

// chrF is the F2 of n-grams of 1 to 6 characters without white space (Popović, 2015), as in sacrebleu for one sentence.
func chrF(got, want string) float64 {
	const orders, beta2 = 6, 4.0
	squeezed := func(s string) []rune { return []rune(strings.Join(strings.Fields(s), "")) }
	a, b := squeezed(got), squeezed(want)
	precision, recall, used := 0.0, 0.0, 0
	for n := 1; n <= orders; n++ {
		x, y := grams(a, n), grams(b, n)
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		common := float64(inCommon(x, y))
		precision, recall, used = precision+common/float64(len(x)), recall+common/float64(len(y)), used+1
	}
	if used == 0 || precision+recall == 0 {
		return 0
	}
	precision, recall = precision/float64(used), recall/float64(used)
	return (1 + beta2) * precision * recall / (beta2*precision + recall)
}

func grams(s []rune, n int) []string {
	var all []string
	for i := 0; i+n <= len(s); i++ {
		all = append(all, string(s[i:i+n]))
	}
	return all
}

// sameJSON tells whether two texts are the same JSON, whatever the order of keys.
func sameJSON(got, want string) float64 {
	a, first := orderedjson.Decode([]byte(got))
	b, second := orderedjson.Decode([]byte(want))
	if first != nil || second != nil {
		return 0
	}
	sorted := orderedjson.Format{SortKeys: true}
	return oneIf(string(orderedjson.Append(nil, a, sorted)) == string(orderedjson.Append(nil, b, sorted)))
}
