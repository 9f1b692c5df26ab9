package adapt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dlclark/regexp2/v2"
)

// Targets says which layers of a model get an adapter, as peft's target_modules does.
type Targets struct {
	// All takes all projections but the head that scores tokens or classes, and but the experts of mixtures.
	All bool
	// Names takes the layers of these names, and those whose names end in one behind a dot: q_proj, or mlp.c_fc.
	Names []string
	// Regex takes the layers whose whole names it matches, in Python's syntax.
	Regex string
}

// allLinear is peft's word for Targets.All.
const allLinear = "all-linear"

// AllLinear targets all projections but the head.
func AllLinear() Targets { return Targets{All: true} }

// ParseTargets reads what users write: "all-linear", names with commas between them, or a regular expression.
func ParseTargets(text string) Targets {
	text = strings.TrimSpace(text)
	switch {
	case strings.EqualFold(text, allLinear):
		return AllLinear()
	case plainNames.MatchString(text):
		var t Targets
		for name := range strings.SplitSeq(text, ",") {
			t.Names = append(t.Names, strings.TrimSpace(name))
		}
		return t
	}
	return Targets{Regex: text}
}

// plainNames matches names with commas between them.
var plainNames = regexp.MustCompile(`^[A-Za-z0-9_.]+(\s*,\s*[A-Za-z0-9_.]+)*$`)

// Validate tells what is wrong with the targets, or nil.
func (t Targets) Validate() error {
	ways := 0
	for _, set := range []bool{t.All, len(t.Names) > 0, t.Regex != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return fmt.Errorf("adapt: targets %+v, expected one of all, names and a regular expression", t)
	}
	if slices.Contains(t.Names, "") {
		return fmt.Errorf("adapt: targets %q: one name is empty", t.Names)
	}
	if t.Regex != "" {
		if _, err := whole(t.Regex); err != nil {
			return fmt.Errorf("adapt: targets: %w", err)
		}
	}
	return nil
}

// match returns the names that are targets of those of a model's layers, which are projections but the head and the experts where inner is true.
func (t Targets) match(layers []layer) (names map[string]bool, err error) {
	names = map[string]bool{}
	var re *regexp2.Regexp
	if t.Regex != "" {
		if re, err = whole(t.Regex); err != nil {
			return nil, err
		}
	}
	for _, l := range layers {
		ok := t.All && l.inner || slices.ContainsFunc(t.Names, func(n string) bool { return endsIn(l.name, n) })
		if re != nil {
			if ok, err = re.MatchString(l.name); err != nil {
				return nil, fmt.Errorf("adapt: targets %q: %w", t.Regex, err)
			}
		}
		if ok {
			names[l.name] = true
		}
	}
	return names, nil
}

// endsIn tells whether a layer's name is part, or ends in it behind a dot.
func endsIn(name, part string) bool { return name == part || strings.HasSuffix(name, "."+part) }

// inside tells whether a layer is the module that part names, or inside of it.
func inside(name, part string) bool {
	return strings.Contains("."+name+".", "."+part+".")
}

// whole compiles a pattern that must match all of a name.
func whole(pattern string) (*regexp2.Regexp, error) {
	re, err := regexp2.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", pattern, err)
	}
	return re, nil
}

// A Pattern gives the layers whose names it matches another value. As in peft it is a regular expression for the end of a name, from a dot on or the
// whole.
type Pattern struct {
	Regex string
	Value float64
}

// valueOf returns the value of the first pattern that matches a name, or the general one.
func valueOf(patterns []Pattern, name string, general float64) (float64, error) {
	for _, p := range patterns {
		re, err := whole(`(.*\.)?(` + p.Regex + `)`)
		if err != nil {
			return 0, err
		}
		ok, err := re.MatchString(name)
		if err != nil {
			return 0, fmt.Errorf("the pattern %q: %w", p.Regex, err)
		}
		if ok {
			return p.Value, nil
		}
	}
	return general, nil
}
