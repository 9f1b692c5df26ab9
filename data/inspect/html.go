package inspect

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// Page collects rows and writes them, with a report, as one HTML file without scripts.
type Page struct {
	Title     string
	Tokenizer *tokenizer.Tokenizer
	Most      int // rows that are shown

	rows []shownRow
}

// shownRow is a row cut into tokens.
type shownRow struct {
	Where   string
	Part    string
	Labels  string
	Tokens  []shownToken
	Count   int
	Targets int
}

// shownToken is the text of a token, and what it is.
type shownToken struct {
	Text  string
	Class string // "t" for a target, "s" for a special token, "ts" for both
	Begin bool   // of a document behind the first
	ID    int32
}

// longestShown is the most tokens of a row that are shown.
const longestShown = 4000

// Add keeps a row to be shown, of the first ones.
func (p *Page) Add(r *Row) {
	if len(p.rows) >= p.Most {
		return
	}
	one := shownRow{Where: located(r.File, r.Line), Part: r.Part, Labels: strings.Join(r.Labels, " "), Count: len(r.IDs)}
	begins := map[int]bool{}
	for _, at := range r.Documents[1:] {
		begins[at] = true
	}
	stream := p.Tokenizer.NewDecodeStream(false)
	for i, id := range r.IDs {
		if r.Learn[i] {
			one.Targets++
		}
		if i >= longestShown {
			continue
		}
		t := shownToken{Text: string(stream.Push(id)), Begin: begins[i], ID: id}
		if r.Learn[i] {
			t.Class = "t"
		}
		if len(p.Tokenizer.Decode([]int32{id}, true)) == 0 {
			t.Class += "s"
		}
		t.Text = strings.ReplaceAll(t.Text, "\n", "↵\n")
		one.Tokens = append(one.Tokens, t)
	}
	p.rows = append(p.rows, one)
}

// bar is one of the histogram's.
type bar struct {
	X, Y, Width, Height float64
	Title               string
}

// What the page's template gets.
type pageData struct {
	Title    string
	Report   *Report
	Findings []shownFinding
	Bars     []bar
	Ticks    []tick
	Labels   []ClassCount
	Rows     []shownRow
	More     int
	Median   int
	P95      int
	Longest  int
	// MoreLabels is how many labels aren't shown.
	MoreLabels int
}

// shownLabels is how many labels a page counts.
const shownLabels = 30

type shownFinding struct {
	Kind  string
	Count int
	First []string
	More  int
}

type tick struct {
	X    float64
	Text string
}

// Write writes the page.
func (p *Page) Write(w io.Writer, r *Report) error {
	d := pageData{Title: p.Title, Report: r, Rows: p.rows, More: r.Rows - len(p.rows), Median: r.Quantile(0.5), P95: r.Quantile(0.95), Longest: r.Quantile(1)}
	d.Labels, d.MoreLabels = r.Classes(shownLabels)
	for _, kind := range Kinds {
		if f := r.Found[kind]; f != nil {
			d.Findings = append(d.Findings, shownFinding{kind, f.Count, f.First, f.Count - len(f.First)})
		}
	}
	d.Bars, d.Ticks = histogram(r)
	return page.Execute(w, d)
}

// Sizes of the histogram, in its own units.
const (
	chartWidth  = 600.0
	chartHeight = 140.0
	chartBars   = 60
)

// histogram returns the bars of the records' lengths, and marks below them.
func histogram(r *Report) ([]bar, []tick) {
	counts, step := r.histogram(chartBars)
	highest := 0
	for _, n := range counts {
		highest = max(highest, n)
	}
	if highest == 0 {
		return nil, nil
	}
	width := chartWidth / float64(len(counts))
	var bars []bar
	for i, n := range counts {
		h := chartHeight * float64(n) / float64(highest)
		if n > 0 {
			h = max(h, 1.5)
		}
		bars = append(bars, bar{float64(i) * width, chartHeight - h, max(width-1, 0.5), h, fmt.Sprintf("%d to %d tokens: %d", i*step, (i+1)*step-1, n)})
	}
	var ticks []tick
	for i := 0; i <= 4; i++ {
		ticks = append(ticks, tick{chartWidth * float64(i) / 4, fmt.Sprint(len(counts) * step * i / 4)})
	}
	return bars, ticks
}

// histogram counts the records in at most so many bars of step tokens each.
func (r *Report) histogram(most int) (counts []int, step int) {
	if len(r.Lengths) == 0 {
		return nil, 1
	}
	step = (len(r.Lengths) + most - 1) / most
	counts = make([]int, (len(r.Lengths)+step-1)/step)
	for length, n := range r.Lengths {
		counts[length/step] += n
	}
	return counts, step
}

// Text draws the histogram with letters, of at most so many lines, whose bars leave room for what stands beside them in so many columns, and have 40 at most.
// Less than a column means no bound.
func (r *Report) Text(lines, columns int) string {
	counts, step := r.histogram(lines)
	highest := 1
	for _, n := range counts {
		highest = max(highest, n)
	}
	most := 40
	if columns > 0 {
		const beside = 7 + 2 + 1 // a number of tokens, and spaces
		most = min(most, max(1, columns-beside-len(strconv.Itoa(highest))))
	}
	var b strings.Builder
	for i, n := range counts {
		fmt.Fprintf(&b, "%7d  %s %d\n", i*step, strings.Repeat("█", (n*most+highest-1)/highest), n)
	}
	return b.String()
}
