package inspect

import (
	"regexp"
	"strings"
	"unicode"
)

// secrets are patterns of what shouldn't be learned, each with what its text must have somewhere, so that the pattern is seldom looked for.
var secrets = []struct {
	hint    string
	name    string
	pattern *regexp.Regexp
}{
	{"-----BEGIN", "a private key", regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----`)},
	{"AKIA", "an AWS access key", regexp.MustCompile(`\bAKIA[0-9A-Z]{16}\b`)},
	{"ghp_", "a GitHub token", regexp.MustCompile(`\bghp_[0-9A-Za-z]{36}\b`)},
	{"github_pat_", "a GitHub token", regexp.MustCompile(`\bgithub_pat_[0-9A-Za-z_]{22,}`)},
	{"sk-", "an API key", regexp.MustCompile(`\bsk-(?:proj-|ant-)?[0-9A-Za-z_-]{20,}`)},
	{"hf_", "a Hugging Face token", regexp.MustCompile(`\bhf_[0-9A-Za-z]{30,}\b`)},
	{"AIza", "a Google API key", regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}`)},
	{"xox", "a Slack token", regexp.MustCompile(`\bxox[abprs]-[0-9A-Za-z-]{10,}`)},
	{"eyJ", "a JSON web token", regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}`)},
	{"assword", "a password", regexp.MustCompile(`(?i)\bpassword\s*[=:]\s*["']?[^\s"']{8,}`)},
	{"ASSWORD", "a password", regexp.MustCompile(`(?i)\bpassword\s*[=:]\s*["']?[^\s"']{8,}`)},
}

// suspect looks for what is likely to be wrong with a prompt and its answer.
func (b *builder) suspect(r *Row, prompt, answer string) {
	b.compare(r, prompt, answer)
	b.suspectText(r, prompt)
	b.suspectText(r, answer)
}

// compare looks at an answer beside its prompt.
func (b *builder) compare(r *Row, prompt, answer string) {
	if p := strings.TrimSpace(prompt); p != "" && p == strings.TrimSpace(answer) && len(r.findings) == 0 {
		r.find(Echo, "%q", shortened(p))
	}
	if from, to := script(prompt), script(answer); from != "" && to != "" && from != to {
		r.find(Script, "from %s to %s", from, to)
	}
}

// suspectText looks for what shouldn't be in a text.
func (b *builder) suspectText(r *Row, text string) {
	for _, special := range b.special {
		if strings.Contains(text, special) {
			r.find(SpecialText, "%s, which becomes that token", special)
		}
	}
	for _, s := range secrets {
		if strings.Contains(text, s.hint) && s.pattern.MatchString(text) {
			r.find(Secret, "%s", s.name)
		}
	}
}

// scripts are those that are told apart. Chinese characters in Japanese text count for it, where kana is beside them.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin}, {"Han", unicode.Han}, {"Cyrillic", unicode.Cyrillic}, {"Arabic", unicode.Arabic}, {"Devanagari", unicode.Devanagari}, {"Hangul", unicode.Hangul},
	{"Kana", unicode.Hiragana}, {"Kana", unicode.Katakana}, {"Greek", unicode.Greek}, {"Hebrew", unicode.Hebrew}, {"Thai", unicode.Thai},
}

// Letters that a text must have to be counted, and the share of them that must be of one script.
const (
	fewestLetters = 20
	clearShare    = 0.8
	lookedAt      = 2000 // bytes of a text
)

// script returns the script that a text is written in; "" where it is short or mixed.
func script(text string) string {
	if len(text) > lookedAt {
		text = text[:lookedAt]
	}
	latin := 0
	for i := range len(text) {
		if c := text[i] | 0x20; 'a' <= c && c <= 'z' {
			latin++
		} else if text[i] >= 0x80 {
			return mixedScript(text)
		}
	}
	if latin < fewestLetters {
		return ""
	}
	return "Latin"
}

// mixedScript is script for a text that isn't ASCII.
func mixedScript(text string) string {
	counts := map[string]int{}
	letters := 0
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		for _, s := range scripts {
			if unicode.Is(s.table, r) {
				counts[s.name]++
				break
			}
		}
	}
	if counts["Kana"] > 0 {
		counts["Kana"] += counts["Han"]
		delete(counts, "Han")
	}
	// A character of these holds what a few letters hold elsewhere.
	if counts["Han"]+counts["Kana"]+counts["Hangul"] > letters/2 {
		letters *= 3
		for name := range counts {
			counts[name] *= 3
		}
	}
	for name, n := range counts {
		if letters >= fewestLetters && float64(n) >= clearShare*float64(letters) {
			return name
		}
	}
	return ""
}
