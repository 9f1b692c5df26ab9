package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed charts.js
var chartsJS string

//go:embed live.js
var liveJS string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"color":    func(i int) int { return i % colors },
	"dash":     func(i int) int { return i / colors % dashes },
	"short":    func(v *float64) string { return shortNumber(v) },
	"grouped":  func(n any) string { return grouped(fmt.Sprint(n)) },
	"seconds":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"program":  program,
	"duration": func(d time.Duration) string { return d.Round(time.Second).String() },
	"memory":   memory,
	"add":      func(a, b int) int { return a + b },
}).Parse(pageHTML))

// The palette: so many colours, each by so many kinds of dashes.
const (
	colors = 8
	dashes = 4
)

// Bounds of the samples in a page.
const (
	mostSamples   = 40 // of a run
	mostSampleLen = 4000
	samplesBytes  = 800000 // of all runs
)

// A Live page asks a server again and again for what is new. Its paths are answered by the server.
type Live struct {
	Data    string // path of the figures, see Update
	Control string // path that takes what a run is to do; "" for none
	Home    string // path of the list of runs
}

// pageData is what the template gets.
type pageData struct {
	*Report
	Title   string
	CSP     string
	CSS     template.CSS
	JS      template.JS
	JSON    template.JS
	Live    *Live
	Charted []chartData
	Groups  []chartGroup
	Shown   []shownRun
}

// chartGroup is charts that stand together below a name.
type chartGroup struct {
	Name    string
	Open    bool
	Charted []chartData
}

// chartData is a chart with its table.
type chartData struct {
	*Chart
	Table template.HTML
}

// The most lines that a chart has a legend of: the table of runs is one for all, but layers have none.
const (
	mostLegend = 6
	mostLayers = 16
)

// Legend returns the lines that are named above the chart.
func (c chartData) Legend() []Line {
	var named []Line
	for _, l := range c.Lines {
		if l.Kind != Raw {
			named = append(named, l)
		}
	}
	most := mostLegend
	if c.Group != "" {
		most = mostLayers
	}
	if len(named) < 2 || len(named) > most {
		return nil
	}
	return named
}

// shownRun is a run with what is shown of it.
type shownRun struct {
	*Run
	Result
	Samples  []runlog.Sample
	Left     int // samples that aren't shown
	Spikes   []train.Spike
	Earlier  int // spikes that aren't shown
	Rollouts []Judged
	Took     time.Duration
	Bars     []lengthBar
}

// WriteHTML writes the report as one page that needs no other file.
func (r *Report) WriteHTML(w io.Writer) error { return r.write(w, nil) }

// WriteLive writes the report as a page that keeps up with its runs.
func (r *Report) WriteLive(w io.Writer, l Live) error { return r.write(w, &l) }

func (r *Report) write(w io.Writer, live *Live) error {
	script := chartsJS
	if live != nil {
		script += liveJS
	}
	d := pageData{Report: r, Title: r.title(), Live: live, CSS: template.CSS(pageCSS), JS: template.JS(script)}
	d.CSP = ContentPolicy(script, live != nil)
	d.JSON = template.JS(r.data())
	for _, c := range r.Charts {
		table, err := c.table()
		if err != nil {
			return err
		}
		one := chartData{c, template.HTML(table)}
		d.Charted = append(d.Charted, one)
		if c.Group == "" {
			continue
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Name != c.Group {
			d.Groups = append(d.Groups, chartGroup{Name: c.Group, Open: c.Group == insideGroup})
		}
		last := &d.Groups[len(d.Groups)-1]
		last.Charted = append(last.Charted, one)
	}
	d.Shown = r.shown()
	return pageTemplate.Execute(w, d)
}

// shown returns what is shown of the runs.
func (r *Report) shown() []shownRun {
	var all []shownRun
	for i, run := range r.Runs {
		s := shownRun{Run: run, Result: r.Results[i], Took: run.Took(r.Made), Bars: shownBars(run.Data)}
		s.Samples, s.Left = pickSamples(run.Samples, samplesBytes/len(r.Runs))
		s.Spikes, s.Earlier = pickSpikes(run.Spikes, spikesBytes/len(r.Runs))
		s.Rollouts = pickRollouts(run.Rollouts, rolloutsBytes/len(r.Runs))
		all = append(all, s)
	}
	return all
}

// Events tells what people had the runs do.
func (r *Report) Events() []string {
	var all []string
	for _, run := range r.Runs {
		for _, e := range run.Events {
			text := fmt.Sprintf("after step %s: ", grouped(fmt.Sprint(e.Step)))
			switch e.Kind {
			case train.EventRate:
				text += fmt.Sprintf("the learning rate becomes %g times that of the schedule", e.Factor)
			case train.EventSave:
				text += "a checkpoint is asked for"
			default:
				text += e.Kind
			}
			if len(r.Runs) > 1 {
				text = run.Name + ", " + text
			}
			all = append(all, text)
		}
	}
	return all
}

// ContentPolicy returns the Content-Security-Policy of a page with one script of ours: nothing else runs in it, and nothing is loaded.
func ContentPolicy(script string, connects bool) string {
	sum := sha256.Sum256([]byte(script))
	policy := "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if connects {
		policy += "; connect-src 'self'"
	}
	return policy
}

// Spiked tells whether a run has spikes.
func (r *Report) Spiked() bool {
	return slices.ContainsFunc(r.Runs, func(run *Run) bool { return len(run.Spikes) > 0 })
}

// title names the report.
func (r *Report) title() string {
	if len(r.Runs) == 1 {
		return r.Runs[0].Name
	}
	return fmt.Sprintf("%d runs", len(r.Runs))
}

// data returns the JSON that the page's script reads.
func (r *Report) data() []byte {
	out := []byte(`{"runs":[`)
	for i, run := range r.Runs {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"name":%s}`, quote(run.Name))
	}
	out = append(out, `],"charts":`...)
	out = appendJSON(out, r.Charts)
	return append(out, '}')
}

// table returns the chart's table as HTML.
func (c *Chart) table() (string, error) {
	var out strings.Builder
	err := pageTemplate.ExecuteTemplate(&out, "table", map[string]any{"Title": c.Title, "Summary": c.summary(), "Labels": c.labels(), "Values": c.values()})
	return out.String(), err
}

// pickSamples returns some of a run's samples, the last among them, of at most so many bytes, and how many are left out.
func pickSamples(all []runlog.Sample, bytes int) (picked []runlog.Sample, left int) {
	most := min(len(all), mostSamples)
	length := mostSampleLen
	if most > 0 {
		length = max(80, min(length, bytes/most))
	}
	for i := range most {
		at := len(all) - 1
		if most > 1 {
			at = i * (len(all) - 1) / (most - 1)
		}
		s := all[at]
		s.Text = cutText(s.Text, length)
		picked = append(picked, s)
	}
	return picked, len(all) - most
}

// cutText returns a text of at most so many bytes and an ellipsis.
func cutText(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " …"
	}
	return text
}

// lengthBar is a bar of the lengths of documents, in percent of the highest.
type lengthBar struct {
	LengthBar
	Percent float64
}

func shownBars(l *DataLook) []lengthBar {
	if l == nil {
		return nil
	}
	most := 1
	for _, b := range l.Lengths {
		most = max(most, b.Documents)
	}
	var bars []lengthBar
	for _, b := range l.Lengths {
		bars = append(bars, lengthBar{b, 100 * float64(b.Documents) / float64(most)})
	}
	return bars
}

// shortNumber writes a value that may not be there.
func shortNumber(v *float64) string {
	if v == nil {
		return "–"
	}
	return number(*v)
}

// memory writes a size in GiB.
func memory(gib float64) string {
	if gib < 1 {
		return fmt.Sprintf("%.0f MiB", gib*1024)
	}
	return fmt.Sprintf("%.2f GiB", gib)
}

// grouped writes a whole number with its digits in groups of three.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Style returns the style sheet of the pages.
func Style() string { return pageCSS }
