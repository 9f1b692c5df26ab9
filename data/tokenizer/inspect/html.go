package inspect

import (
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteHTML writes a page that compares tokenizers: their figures on a corpus,
// and how each of them splits the sample texts. It refers to nothing outside of itself.
func WriteHTML(w io.Writer, title string, tokenizers []Named, stats []*Stats, samples []string) error {
	page := htmlPage{Title: title, Stats: stats}
	for _, s := range samples {
		shown := htmlSample{Text: s}
		for _, n := range tokenizers {
			parts, err := Parts(n.Tokenizer, []byte(s))
			if err != nil {
				return err
			}
			split := htmlSplit{Name: n.Name}
			unknown := unknownID(n.Tokenizer)
			k := 0
			for _, p := range parts {
				h := htmlPart{Text: p.Text, Class: "none"}
				if len(p.IDs) > 0 {
					split.Tokens += len(p.IDs)
					h.Class = "c" + strconv.Itoa(k%len(backgrounds))
					h.Title = describe(p)
					if len(p.IDs) > 1 {
						h.Several = len(p.IDs)
					}
					if slices.Contains(p.IDs, unknown) {
						h.Class += " unknown"
					}
					k++
				}
				split.Parts = append(split.Parts, h)
			}
			shown.Splits = append(shown.Splits, split)
		}
		page.Samples = append(page.Samples, shown)
	}
	return htmlTemplate.Execute(w, page)
}

func describe(p Part) string {
	var b strings.Builder
	for i, id := range p.IDs {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(int(id)) + " " + strconv.Quote(p.Tokens[i]))
	}
	return b.String()
}

type htmlPage struct {
	Title   string
	Stats   []*Stats
	Samples []htmlSample
}

type htmlSample struct {
	Text   string
	Splits []htmlSplit
}

type htmlSplit struct {
	Name   string
	Tokens int
	Parts  []htmlPart
}

type htmlPart struct {
	Text, Class, Title string
	Several            int // tokens, if more than one
}

var htmlTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"count": func(ids []int32) string { return grouped(len(ids)) },
	"int":   grouped[int],
	"int64": grouped[int64],
	"percent": func(part, whole int) string {
		return strconv.FormatFloat(100*float64(part)/float64(max(whole, 1)), 'f', 1, 64) + "%"
	},
}).Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{{.Title}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { border-bottom: 1px solid #ccc; padding: .3em .8em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; background: #fafafa; padding: .6em; border-radius: .3em; }
.c0 { background: #bfdcff; } .c1 { background: #c6f2c6; } .c2 { background: #ffe0a8; } .c3 { background: #ffc9de; } .c4 { background: #d9d2ff; }
.none { color: #999; }
.unknown { outline: 2px solid #d33; outline-offset: -2px; }
.text { line-height: 2; }
.samples td { vertical-align: top; text-align: left; border: 0; padding: .2em .8em .2em 0; }
.samples td.n { text-align: right; white-space: nowrap; line-height: 2; padding-top: .8em; width: 7em; }
.samples td.name { line-height: 2; padding-top: .8em; width: 18em; overflow-wrap: anywhere; }
.samples { width: 100%; }
sup { font-size: .65em; color: #555; padding-left: .1em; }
p { color: #555; }
</style>
<h1>{{.Title}}</h1>
{{with index .Stats 0}}<p>{{int64 .Bytes}} bytes, {{int64 .Chars}} characters, {{int64 .Words}} words between white space.</p>
{{end}}<table>
<tr><th>tokenizer<th>vocabulary<th>tokens<th>per word<th>per character<th>per byte<th>unknown<th>used<th>unreachable</tr>
{{range .Stats}}<tr><td>{{.Name}}<td>{{int .VocabSize}}<td>{{int64 .Tokens}}<td>{{printf "%.3f" .PerWord}}<td>{{printf "%.3f" .PerChar}}<td>{{printf "%.3f" .PerByte}}<td>{{int64 .Unknown}}<td>{{int .Used}} ({{percent .Used .VocabSize}})<td>{{count .Unreachable}}</tr>
{{end}}</table>
<p>Used are the tokens of the vocabulary that occur in this corpus; unreachable those that no text yields.</p>
<h2>Samples</h2>
<p>Each colour is a token; point at one for its id. A small number tells how many tokens share a character; a red frame, that the vocabulary lacks it; grey is what no token stands for.</p>
{{range .Samples}}<table class="samples">
{{range .Splits}}<tr><td class="name">{{.Name}}<td class="n">{{int .Tokens}} tokens<td><div class="text">{{range .Parts}}<span class="{{.Class}}" title="{{.Title}}">{{.Text}}{{with .Several}}<sup>{{.}}</sup>{{end}}</span>{{end}}</div></tr>
{{end}}</table>
{{end}}</html>
`))
