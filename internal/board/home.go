package board

import (
	_ "embed"
	"html/template"
	"net/http"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/report"
)

//go:embed home.html
var homeHTML string

//go:embed home.js
var homeJS string

var homeTemplate = template.Must(template.New("home").Parse(homeHTML))

// home answers with the list of runs, which its script fills.
func (b *Board) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	homeTemplate.Execute(w, struct {
		CSP, Folder string
		CSS         template.CSS
		JS          template.JS
	}{report.ContentPolicy(homeJS, true), filepath.Base(b.runs.root), template.CSS(report.Style()), template.JS(homeJS)})
}
