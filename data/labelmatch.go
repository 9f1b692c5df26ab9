package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A classIndex finds the class that a label of the data means. Data name classes in other ways than a head does: by the
// class's number, as a number or as text; as LABEL_1, which transformers calls a class without a name; in another case; by
// true and false.
type classIndex struct {
	exact   map[string]int32
	folded  map[string]int32 // by lower-case name; -1 where several classes have it
	numbers bool             // a whole number may be a class's number: no class is named by a number
	truth   bool             // there are two classes, and none is named true or false
	classes int
}

func newClassIndex(names []string) classIndex {
	x := classIndex{exact: map[string]int32{}, folded: map[string]int32{}, numbers: true, truth: len(names) == 2, classes: len(names)}
	for i, name := range names {
		x.exact[name] = int32(i)
		lower := strings.ToLower(name)
		if _, twice := x.folded[lower]; twice {
			x.folded[lower] = -1
		} else {
			x.folded[lower] = int32(i)
		}
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			x.numbers = false
		}
		x.truth = x.truth && lower != "true" && lower != "false"
	}
	return x
}

// class returns the class that a label means: the class of that name; else the only one of that name in another case; else,
// where no class is named by a number, the class of that number, which may stand behind LABEL_; else, of two classes, the
// first for false and the second for true.
func (x classIndex) class(label string) (class int32, ok bool) {
	if i, ok := x.exact[label]; ok {
		return i, true
	}
	lower := strings.ToLower(strings.TrimSpace(label))
	if i, ok := x.folded[lower]; ok {
		return i, i >= 0
	}
	number, named := strings.CutPrefix(lower, "label_")
	if n, err := strconv.ParseFloat(number, 64); err == nil {
		if n != math.Trunc(n) || n < 0 || n >= float64(x.classes) || !named && !x.numbers {
			return 0, false
		}
		return int32(n), true
	}
	if x.truth && (lower == "true" || lower == "false") {
		return int32(bit(lower == "true")), true
	}
	return 0, false
}

// Unknown returns those of the names that mean none of the classes, in their order. A label means the class of its name, also
// in another case; or, where no class is named by a number, the class of that number (1, "1", "LABEL_1"); or, of two
// classes, false means the first and true the second.
func (l Labels) Unknown(names []string) []string {
	x := newClassIndex(l.Names)
	var unknown []string
	for _, name := range names {
		if _, ok := x.class(name); !ok {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// Renamed is a label of the data and the class that it means.
type Renamed struct{ Label, Class string }

// String says so in words.
func (r Renamed) String() string { return fmt.Sprintf("%s is %s", r.Label, r.Class) }

// sortRenamed sorts labels as classes are sorted.
func sortRenamed(all map[string]string) []Renamed {
	var labels []string
	for label := range all {
		labels = append(labels, label)
	}
	sortClasses(labels)
	var out []Renamed
	for _, label := range labels {
		out = append(out, Renamed{label, all[label]})
	}
	return out
}

// sortClasses sorts names as numbers if all are, be it behind LABEL_, else as text.
func sortClasses(names []string) {
	number := func(name string) (int, bool) {
		digits := strings.TrimPrefix(name, "LABEL_")
		n, err := strconv.Atoi(digits)
		return n, err == nil && strconv.Itoa(n) == digits
	}
	if slices.ContainsFunc(names, func(name string) bool { _, ok := number(name); return !ok }) {
		slices.Sort(names)
		return
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := number(a)
		y, _ := number(b)
		if x != y {
			return x - y
		}
		return strings.Compare(a, b)
	})
}
