package words

import "slices"

// LabelResult is how well a classifier finds a label.
type LabelResult struct {
	Label  string
	Texts  int  // that have it
	Found  int  // predicted
	Right  int  // predicted where it is
	Absent bool // the classifier doesn't know it
}

// Precision returns the share of what was predicted that is right, 0 of nothing.
func (r LabelResult) Precision() float64 { return float64(r.Right) / float64(max(1, r.Found)) }

// Recall returns the share of what is there that was predicted, 0 of nothing.
func (r LabelResult) Recall() float64 { return float64(r.Right) / float64(max(1, r.Texts)) }

// F1 returns the harmonic mean of the two.
func (r LabelResult) F1() float64 { return 2 * float64(r.Right) / float64(max(1, r.Found+r.Texts)) }

// ClassifierResult is how well a classifier finds the labels of texts.
type ClassifierResult struct {
	Texts  int         // with a label
	All    LabelResult // all labels together: precision and recall at k, as fastText has them
	Labels []LabelResult
}

// Evaluate predicts the k likeliest labels of each text that has a label, above a threshold. A label that the classifier doesn't know counts as not found.
func (c *Classifier) Evaluate(examples Examples, split Splitter, k int, threshold float64) (ClassifierResult, error) {
	var r ClassifierResult
	place := map[string]int{}
	of := func(label string) *LabelResult {
		i, ok := place[label]
		if !ok {
			_, known := c.Labels.ID(LabelPrefix + label)
			i = len(r.Labels)
			place[label] = i
			r.Labels = append(r.Labels, LabelResult{Label: label, Absent: !known})
		}
		return &r.Labels[i]
	}
	for e, err := range examples() {
		if err != nil {
			return r, err
		}
		if len(e.Labels) == 0 {
			continue
		}
		r.Texts++
		for _, label := range e.Labels {
			of(label).Texts++
		}
		for _, p := range c.Predict(e.Text, split, k, threshold) {
			l := of(p.Label)
			l.Found++
			if slices.Contains(e.Labels, p.Label) {
				l.Right++
			}
		}
	}
	for _, l := range r.Labels {
		r.All.Texts, r.All.Found, r.All.Right = r.All.Texts+l.Texts, r.All.Found+l.Found, r.All.Right+l.Right
	}
	return r, nil
}
