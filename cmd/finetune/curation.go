package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/curate"
)

// curationFlags say which records are taken out of data, and which are made of others.
type curationFlags struct {
	Dedup           string   `enum:",exact,near" default:"" placeholder:"exact|near" help:"Take out records that are there already: the same, or nearly, by MinHash over five words in a row."`
	NearSimilarity  float64  `default:"${nearsimilarity}" placeholder:"X" help:"How much of the words of near duplicates is the same (${default})."`
	Match           []string `sep:"none" placeholder:"REGEXP" help:"Keep only records whose text this regular expression matches. Several may be given, which all must match."`
	Reject          []string `sep:"none" placeholder:"REGEXP" help:"Take out records whose text this regular expression matches. Several may be given."`
	Augment         []string `enum:"deletion,swap,synonyms,none" default:"none" placeholder:"deletion|swap|synonyms" help:"Add copies of the records to learn from in which words of the given texts are left out, change places, or give way to others of --augment-synonyms. What is to be written, chosen or found stays. Several are separated by commas (${default})."`
	AugmentCopies   int      `default:"${augmentcopies}" placeholder:"N" help:"Copies of each record, each by the next way of --augment (${default})."`
	AugmentRate     float64  `default:"${augmentrate}" placeholder:"X" help:"Share of a text's words that is changed, one at least (${default})."`
	AugmentSynonyms string   `placeholder:"FILE" help:"Words that mean the same, a line each, between commas; or a word, a colon, and those that may stand for it."`
}

// config returns what is to be done with data.
func (f curationFlags) config(seed uint64) (curate.Config, error) {
	c := curate.Config{Dedup: curate.Dedup(f.Dedup), Similarity: f.NearSimilarity, Seed: seed}
	var match, reject, near, augment error
	c.Match, match = compiled("match", f.Match)
	c.Reject, reject = compiled("reject", f.Reject)
	switch {
	case !(f.NearSimilarity > 0 && f.NearSimilarity <= 1):
		near = fmt.Errorf("--near-similarity %g: expected more than 0 and at most 1", f.NearSimilarity)
	case f.NearSimilarity != curate.DefaultSimilarity && c.Dedup != curate.NearDedup:
		near = errors.New("--near-similarity is for --dedup near")
	}
	c.Augment, augment = f.augmenter(seed)
	return c, errors.Join(match, reject, near, augment)
}

// compiled returns the regular expressions of a flag.
func compiled(flag string, patterns []string) (all []*regexp.Regexp, err error) {
	for _, p := range patterns {
		r, bad := regexp.Compile(p)
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("--%s %s: %w", flag, p, bad))
		}
		all = append(all, r)
	}
	return all, err
}

// unread stands for the words of a file that isn't read yet: a run that goes on has no need of it.
var unread = map[string][]string{"": nil}

// augmenter returns what makes further records, nil for none. The words that mean the same are unread.
func (f curationFlags) augmenter(seed uint64) (*curate.Augmenter, error) {
	ways := slices.DeleteFunc(slices.Clone(f.Augment), func(way string) bool { return way == "none" })
	synonyms := slices.Contains(ways, string(curate.Synonyms))
	switch {
	case synonyms && f.AugmentSynonyms == "":
		return nil, errors.New("--augment synonyms needs --augment-synonyms, a file of words that mean the same")
	case !synonyms && f.AugmentSynonyms != "":
		return nil, errors.New("--augment-synonyms is for --augment synonyms")
	case f.AugmentCopies < 1:
		return nil, fmt.Errorf("--augment-copies %d: expected 1 or more", f.AugmentCopies)
	case !(f.AugmentRate > 0 && f.AugmentRate <= 1):
		return nil, fmt.Errorf("--augment-rate %g: expected more than 0 and at most 1", f.AugmentRate)
	case len(ways) == 0 && (f.AugmentCopies != curate.DefaultCopies || f.AugmentRate != curate.DefaultRate):
		return nil, errors.New("--augment-copies and --augment-rate are for --augment")
	case len(ways) == 0:
		return nil, nil
	}
	a := &curate.Augmenter{Copies: f.AugmentCopies, Rate: f.AugmentRate, Seed: seed, Synonyms: unread}
	for _, way := range ways {
		a.Changes = append(a.Changes, curate.Change(way))
	}
	return a, a.Validate()
}

// read reads the words that mean the same, where they are asked for.
func (f curationFlags) read(a *curate.Augmenter) error {
	if f.AugmentSynonyms == "" {
		return nil
	}
	file, err := os.Open(f.AugmentSynonyms)
	if err == nil {
		defer file.Close()
		a.Synonyms, err = curate.ReadSynonyms(filepath.Base(f.AugmentSynonyms), file)
	}
	if err != nil {
		return fmt.Errorf("--augment-synonyms: %w", err)
	}
	return nil
}

// trainingCuration is curationFlags for a command that trains, whose --max-length counts tokens.
type trainingCuration struct {
	curationFlags

	MinChars int `default:"0" placeholder:"N" help:"The least characters of a record's text."`
	MaxChars int `default:"0" placeholder:"N" help:"The most characters of a record's text. 0 sets no bound."`
}

// config returns what is to be done with data.
func (f trainingCuration) config(seed uint64) (curate.Config, error) {
	c, err := f.curationFlags.config(seed)
	c.MinLength, c.MaxLength = f.MinChars, f.MaxChars
	return c, errors.Join(err, c.Validate())
}

// curated returns the records of a source to learn from, and those that are kept apart for validation: a share of them where records are made of
// others, so that none of those is of one that is kept apart; else nil.
func (o *trainingOptions) curated(ctx context.Context, s *streams, source *data.Source, shapes []data.Shape, share float64) (learn, held *data.Source, err error) {
	c, err := o.trainingCuration.config(o.Seed)
	if err == nil {
		err = o.read(c.Augment)
	}
	if err != nil {
		return nil, nil, err
	}
	if c.MinLength == 0 && c.MaxLength == 0 && c.Dedup == curate.NoDedup && len(c.Match)+len(c.Reject) == 0 && c.Augment == nil {
		return source, nil, nil
	}
	c.Shapes = shapes
	if c.Augment != nil {
		c.Validation = share
	}
	chosen, err := curate.Choose(ctx, source, c)
	if err != nil {
		return nil, nil, err
	}
	s.tellCurated(chosen.Report)
	return chosen.Train, chosen.Held, nil
}

// curationFlagsOf are the flags that stages follow.
var curationFlagsOf = map[string]string{"empty": "no text", "length": "--min-chars, --max-chars", "match": "--match, --reject", "exact": "--dedup", "near": "--dedup near"}

// tellCurated says what each stage took out of the data.
func (s *streams) tellCurated(r curate.Report) {
	for _, stage := range r.Stages {
		if stage.Out == 0 {
			continue
		}
		s.say("taken out  %s of %s (%s)", plural(stage.Out, "record"), grouped(int64(r.Read)), curationFlagsOf[stage.Name])
		for _, e := range stage.Examples[:min(3, len(stage.Examples))] {
			s.say("           %s", e)
		}
		if more := stage.Out - 3; more > 0 {
			s.say("           and %s more", grouped(int64(more)))
		}
	}
	if r.Made > 0 {
		s.say("augmented  %s made by changing others (--augment)", plural(r.Made, "record"))
	}
}
