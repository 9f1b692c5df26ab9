package words

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"
)

// Picture draws words at points [n, 2] as a page of SVG, or with asHTML as a page of HTML that holds it, in which a name can be searched for. The axes
// are as long as each other.
func Picture(title string, words []string, points []float64, asHTML bool) ([]byte, error) {
	if len(words) == 0 || len(points) != 2*len(words) {
		return nil, fmt.Errorf("words: picture: %d numbers for %d words, expected two for each", len(points), len(words))
	}
	const size, margin = 1000.0, 60.0
	var low, high [2]float64
	for axis := range 2 {
		low[axis], high[axis] = points[axis], points[axis]
		for i := range words {
			low[axis], high[axis] = min(low[axis], points[2*i+axis]), max(high[axis], points[2*i+axis])
		}
	}
	scale := (size - 2*margin) / max(high[0]-low[0], high[1]-low[1], 1e-12)
	place := func(i, axis int) float64 {
		middle := (low[axis] + high[axis]) / 2
		x := (points[2*i+axis] - middle) * scale
		if axis == 1 {
			x = -x // upwards
		}
		return size/2 + x
	}
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="11">`+"\n", size, size)
	fmt.Fprintf(&svg, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"20\" y=\"26\" font-size=\"16\">%[1]s</text>\n", html.EscapeString(title))
	for i, word := range words {
		x, y := place(i, 0), place(i, 1)
		fmt.Fprintf(&svg, `<g><circle cx="%.1f" cy="%.1f" r="2" fill="#36c"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n", x, y, x+4, y+4, html.EscapeString(printable(word)))
	}
	svg.WriteString("</svg>\n")
	if !asHTML {
		return svg.Bytes(), nil
	}
	page := fmt.Sprintf(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>
body { margin: 0; font: 14px sans-serif }
label { position: fixed; top: 8px; right: 12px }
svg { display: block; height: 100vh; width: 100%% }
.far { opacity: 0.15 }
</style>
</head>
<body>
<label>Word <input id="word" type="search"></label>
`, html.EscapeString(title))
	script := `<script>
document.getElementById("word").addEventListener("input", function () {
  const wanted = this.value.toLowerCase();
  for (const g of document.querySelectorAll("g")) {
    g.classList.toggle("far", wanted !== "" && !g.textContent.toLowerCase().includes(wanted));
  }
});
</script>
</body>
</html>
`
	return slices.Concat([]byte(page), svg.Bytes(), []byte(script)), nil
}

// printable leaves out what XML can't hold.
func printable(word string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(word, "�"))
}
