package data

// A jsonScanner finds where the values of a JSON text end without reading them: it counts brackets outside of strings.
type jsonScanner struct {
	depth           int
	quoted, escaped bool
}

// step takes the next byte.
func (s *jsonScanner) step(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case s.quoted:
		s.escaped, s.quoted = c == '\\', c != '"'
	case c == '"':
		s.quoted = true
	case c == '{' || c == '[':
		s.depth++
	case c == '}' || c == ']':
		s.depth--
	}
}

// lastItem returns where the last comma between the items of a list ends that text goes through, or 0.
func lastItem(text []byte) int {
	var s jsonScanner
	end := 0
	for i, c := range text {
		if s.step(c); c == ',' && s.depth == 0 && !s.quoted {
			end = i + 1
		}
	}
	return end
}

// firstItem returns where the first item of a list ends: at a comma, or at the bracket that ends the list. It returns len(text) where
// neither comes.
func firstItem(text []byte) int {
	var s jsonScanner
	for i, c := range text {
		if s.step(c); s.depth < 0 || c == ',' && s.depth == 0 && !s.quoted {
			return i
		}
	}
	return len(text)
}

// lastValue returns where the last list or object ends of those that stand one behind another, or 0.
func lastValue(text []byte) int {
	var s jsonScanner
	end := 0
	for i, c := range text {
		if s.step(c); (c == '}' || c == ']') && s.depth == 0 && !s.quoted {
			end = i + 1
		}
	}
	return end
}

// firstValue returns where the first list or object ends, or len(text).
func firstValue(text []byte) int {
	var s jsonScanner
	for i, c := range text {
		if s.step(c); (c == '}' || c == ']') && s.depth <= 0 && !s.quoted {
			return i + 1
		}
	}
	return len(text)
}
