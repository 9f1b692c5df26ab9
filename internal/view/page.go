package view

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/report"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed attention.js
var attentionJS string

//go:embed theme.js
var themeJS string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent": percent,
	"level":   func(x float64) int { return level(x, 11) },
	"sign": func(x float64) string {
		if x < 0 {
			return "n"
		}
		return "p"
	},
	"short": func(x float64) string { return fmt.Sprintf("%.3g", x) },
	"words": func(v *Attributions, g Given) [2][]Share {
		source, tokens := v.Words(g)
		return [2][]Share{source, tokens}
	},
	"last": func(l []LensLayer) []LensLayer {
		out := make([]LensLayer, 0, len(l))
		for i := range l {
			out = append(out, l[len(l)-1-i])
		}
		return out
	},
	"add": func(a, b int) int { return a + b },
	"mod": func(a, b int) int { return a % b },
}).Parse(pageHTML))

// page is what the template gets.
type page struct {
	Subject
	Kind   string
	Title  string
	View   any
	Script string      // of the kind
	Data   template.JS // that the script reads

	CSP  string
	CSS  template.CSS
	JS   template.JS
	Body template.HTML
}

// writePage writes a page that needs no other file and runs no other script.
func writePage(w io.Writer, p page) error {
	script := themeJS + p.Script
	p.CSP, p.CSS, p.JS = report.ContentPolicy(script, false), template.CSS(report.Style()+pageCSS), template.JS(script)
	if p.Data == "" {
		p.Data = "[]"
	}
	var body strings.Builder
	if err := pageTemplate.ExecuteTemplate(&body, p.Kind, p.View); err != nil {
		return err
	}
	p.Body = template.HTML(body.String())
	return pageTemplate.Execute(w, p)
}
