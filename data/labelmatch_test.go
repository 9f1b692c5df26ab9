package data

import (
	"fmt"
	"strings"
	"testing"
)

// TestClassOfLabel holds what labels of the data mean to the names of a head.
func TestClassOfLabel(t *testing.T) {
	for _, c := range []struct{ names, labels, want string }{
		{"LABEL_0 LABEL_1 LABEL_2", "0 1 2 LABEL_2 label_0 2.0 3 -1 1.5 LABEL_3", "0 1 2 2 0 2 - - - -"},
		{"negative positive", "positive NEGATIVE Positive 0 1 1.0 true False LABEL_1 2 good", "1 0 1 0 1 1 1 0 1 - -"},
		{"a A b", "a A b B 0 2", "0 1 2 2 0 2"}, // names that differ in case alone
		{"a A", "a A 1", "0 1 1"},
		{"no No yes", "NO yes", "- 2"},
		{"1 2 3", "1 2 3 0 LABEL_0", "0 1 2 - 0"}, // named by numbers: a number is a name
		{"10 -1", "-1 10 0 1", "1 0 - -"},
		{"false true", "true False 0 1", "1 0 0 1"},
		{"true false", "true false TRUE", "0 1 0"},
		{"x y z", "true false", "- -"},
	} {
		x := newClassIndex(strings.Fields(c.names))
		var got, unknown []string
		for _, label := range strings.Fields(c.labels) {
			class, ok := x.class(label)
			if ok {
				got = append(got, fmt.Sprint(class))
				continue
			}
			got, unknown = append(got, "-"), append(unknown, label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("of %s, the labels %s mean %s, want %s", c.names, c.labels, s, c.want)
		}
		if u := (Labels{Classification, strings.Fields(c.names)}).Unknown(strings.Fields(c.labels)); fmt.Sprint(u) != fmt.Sprint(unknown) {
			t.Errorf("of %s, unknown are %v, want %v", c.names, u, unknown)
		}
	}
}

// TestLabelsByOtherNames encodes labels for a head that calls its classes otherwise.
func TestLabelsByOtherNames(t *testing.T) {
	head := Labels{Classification, []string{"positive", "negative"}}
	for _, c := range []struct{ file, content, renamed string }{
		{"a.jsonl", `{"text":"a","label":1}` + "\n" + `{"text":"b","label":0}` + "\n" + `{"text":"c","label":"1"}`, "[0 is positive 1 is negative]"},
		{"a.csv", "text,label\na,1\nb,0\nc,1\n", "[0 is positive 1 is negative]"},
		{"a.csv", "text,label\na,1.0\nb,0.0\nc,1.0\n", "[0.0 is positive 1.0 is negative]"},
		{"a.jsonl", `{"text":"a","label":true}` + "\n" + `{"text":"b","label":false}` + "\n" + `{"text":"c","label":"True"}`, "[True is negative false is positive true is negative]"},
		{"a.tsv", "text\tlabel\na\tNegative\nb\tpositive\nc\tLABEL_1\n", "[LABEL_1 is negative Negative is negative]"},
		{"a.tsv", "label\ttext\nnegative\ta\npositive\tb\nnegative\tc\n", "[]"},
	} {
		s := openText(t, c.file, c.content)
		tokens, report, err := EncodeLabelled(t.Context(), s, letterFramer{}, LabelledConfig{Labels: head, MaxLength: 8})
		if err != nil {
			t.Errorf("%s: %v", c.content, err)
			continue
		}
		if got := []int32{tokens.class(0), tokens.class(1), tokens.class(2)}; fmt.Sprint(got) != "[1 0 1]" {
			t.Errorf("%s: classes %v, want 1, 0, 1", c.content, got)
		}
		if got := fmt.Sprint(report.Renamed); got != c.renamed {
			t.Errorf("%s: renamed %s, want %s", c.content, got, c.renamed)
		}
	}
}
