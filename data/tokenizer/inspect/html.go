package inspect

import (
	"html/template"
	"io"
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
			k := 0
			for _, p := range parts {
				h := htmlPart{Text: p.Text, Class: "none"}
				if len(p.IDs) > 0 {
					split.Tokens += len(p.IDs)
					h.Class = "c" + strconv.Itoa(k%len(backgrounds))
					h.Title = describe(p)
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

type htmlPart struct{ Text, Class, Title string }

var htmlTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"len32": func(ids []int32) int { return len(ids) }}).Parse(`<!DOCTYPE html>
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
</style>
<h1>{{.Title}}</h1>
<table>
<tr><th>tokenizer<th>vocabulary<th>tokens<th>per word<th>per character<th>per byte<th>unknown<th>used<th>unreachable</tr>
{{range .Stats}}<tr><td>{{.Name}}<td>{{.VocabSize}}<td>{{.Tokens}}<td>{{printf "%.3f" .PerWord}}<td>{{printf "%.3f" .PerChar}}<td>{{printf "%.3f" .PerByte}}<td>{{.Unknown}}<td>{{.Used}}<td>{{len32 .Unreachable}}</tr>
{{end}}</table>
{{range .Samples}}{{range .Splits}}<h3>{{.Name}}: {{.Tokens}} tokens</h3>
<div class="text">{{range .Parts}}<span class="{{.Class}}" title="{{.Title}}">{{.Text}}</span>{{end}}</div>
{{end}}{{end}}</html>
`))
