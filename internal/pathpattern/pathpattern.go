// Package pathpattern matches paths with patterns.
package pathpattern

import (
	"path"
	"strings"
)

// Match tells whether a path, with slashes, matches a pattern as for path.Match, in which ** stands for any number of folders. A pattern that is none
// matches nothing.
func Match(pattern, p string) bool {
	first, rest, more := strings.Cut(pattern, "/")
	if first == "**" {
		if !more {
			return true
		}
		for {
			if Match(rest, p) {
				return true
			}
			var ok bool
			if _, p, ok = strings.Cut(p, "/"); !ok {
				return false
			}
		}
	}
	name, below, deeper := strings.Cut(p, "/")
	if ok, _ := path.Match(first, name); !ok || more != deeper {
		return false
	}
	return !more || Match(rest, below)
}
