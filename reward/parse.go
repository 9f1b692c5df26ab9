package reward

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kinds returns how checkers are written for Parse.
func Kinds() []string {
	return []string{"exact", "exact:PATTERN", "numeric", "numeric:TOLERANCE", "regex:PATTERN", "schema:FILE", "length:MOST", "length:LEAST-MOST", "exec:COMMAND"}
}

// Parse returns the checker that a text names: see Kinds. Programs get a limit of time.
func Parse(text string, limit time.Duration) (Checker, error) {
	kind, rest, given := strings.Cut(text, ":")
	fail := func(format string, args ...any) (Checker, error) {
		return nil, fmt.Errorf("reward: %q: "+format, append([]any{text}, args...)...)
	}
	if given && rest == "" || !given && kind != "exact" && kind != "numeric" {
		return fail("expected one of %s", strings.Join(Kinds(), ", "))
	}
	switch kind {
	case "exact", "regex":
		var pattern *regexp.Regexp
		if given {
			var err error
			if pattern, err = regexp.Compile(rest); err != nil {
				return fail("%w", err)
			}
		}
		if kind == "regex" {
			return Pattern{pattern}, nil
		}
		return Exact{pattern}, nil
	case "numeric":
		var tolerance float64
		if given {
			var err error
			if tolerance, err = strconv.ParseFloat(rest, 64); err != nil || !(tolerance >= 0) || math.IsInf(tolerance, 0) {
				return fail("a tolerance of %q, expected a number, 0 or more", rest)
			}
		}
		return Numeric{tolerance}, nil
	case "schema":
		return NewSchema(rest)
	case "length":
		least, most, two := strings.Cut(rest, "-")
		if !two {
			least, most = "0", rest
		}
		lo, err := strconv.Atoi(least)
		hi, err2 := strconv.Atoi(most)
		if err != nil || err2 != nil || lo < 0 || hi < 1 || lo > hi {
			return fail("expected length:MOST or length:LEAST-MOST, in tokens")
		}
		return Length{lo, hi}, nil
	case "exec":
		return Program{rest, limit}, nil
	}
	return fail("expected one of %s", strings.Join(Kinds(), ", "))
}
