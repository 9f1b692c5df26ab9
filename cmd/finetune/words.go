package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/seahorse-ml/seahorse/words"
)

// wordsCommand is `finetune words`.
type wordsCommand struct {
	Train     wordsTrainCommand     `cmd:"" help:"Learn vectors for the words of a text."`
	Neighbors wordsNeighborsCommand `cmd:"" help:"Show the words nearest to a word."`
	Analogy   wordsAnalogyCommand   `cmd:"" help:"Find what is to C as B is to A."`
	Eval      wordsEvalCommand      `cmd:"" help:"Compare vectors with people's scores of pairs of words, and with questions of analogies."`
	Convert   wordsConvertCommand   `cmd:"" help:"Write vectors in a form that other tools read."`
	Map       wordsMapCommand       `cmd:"" help:"Draw words on a page, near to each other where they are alike."`

	Supervised wordsSupervisedCommand `cmd:"" help:"Learn the labels of texts from the vectors of their words, as fastText does."`
	Predict    wordsPredictCommand    `cmd:"" help:"Find the labels of texts."`
	Test       wordsTestCommand       `cmd:"" help:"Tell how well labels are found."`
}

// openVectors reads vectors from a directory or a file of any form.
func openVectors(path string) (*words.Vectors, error) {
	switch {
	case isDir(path) && words.IsDir(path):
		return words.OpenDir(path)
	case isDir(path):
		return nil, fmt.Errorf("%s holds no vectors of words; \"finetune words train\" makes such a directory", path)
	}
	return words.Open(path)
}

// wordsNeighborsCommand is `finetune words neighbors`.
type wordsNeighborsCommand struct {
	Model string   `required:"" placeholder:"DIR|FILE" help:"Vectors: a directory of \"words train\", or a file in a form of word2vec, fastText (.vec, .bin) or GloVe."`
	TopN  int      `name:"top-n" default:"10" placeholder:"N" help:"Words to show (${default})."`
	JSON  bool     `help:"Print a line of JSON for each word."`
	Words []string `arg:"" help:"The words."`
}

// Help is shown below the command's summary.
func (wordsNeighborsCommand) Help() string {
	return `Examples:

    finetune words neighbors --model runs/words king queen
    finetune words neighbors --model glove.6B.100d.txt --top-n 3 paris`
}

// Run shows the neighbours.
func (c *wordsNeighborsCommand) Run(s *streams) error {
	if err := atLeast("top-n", &c.TopN, 1); err != nil {
		return err
	}
	find, err := wordFinder(c.Model)
	if err != nil {
		return err
	}
	for _, word := range c.Words {
		near, err := find(word, c.TopN)
		if err != nil {
			return err
		}
		if err := showNeighbors(s, c.JSON, word, near); err != nil {
			return err
		}
	}
	return nil
}

// wordFinder returns what finds the neighbours of a word; a model with parts of words knows any word.
func wordFinder(path string) (func(word string, n int) ([]words.Neighbor, error), error) {
	vectors, err := openVectors(path)
	if err != nil {
		return nil, err
	}
	model, _, _ := words.OpenModel(path) // vectors alone are fine too
	return func(word string, n int) ([]words.Neighbor, error) {
		vector, err := vectors.Of(word)
		if err != nil && model != nil {
			vector, err = model.Vector(word)
		}
		if err != nil {
			return nil, err
		}
		return vectors.Neighbors(vector, n, word)
	}, nil
}

func showNeighbors(s *streams, asJSON bool, word string, near []words.Neighbor) error {
	if asJSON {
		type neighbor struct {
			Word   string  `json:"word"`
			Cosine float64 `json:"cosine"`
		}
		line := struct {
			Word      string     `json:"word"`
			Neighbors []neighbor `json:"neighbors"`
		}{Word: word, Neighbors: []neighbor{}}
		for _, n := range near {
			line.Neighbors = append(line.Neighbors, neighbor(n))
		}
		return json.NewEncoder(s.out).Encode(line)
	}
	fmt.Fprintln(s.out, word)
	for _, n := range near {
		fmt.Fprintf(s.out, "  %.4f  %s\n", n.Cosine, n.Word)
	}
	return nil
}

// wordsAnalogyCommand is `finetune words analogy`.
type wordsAnalogyCommand struct {
	Model string `required:"" placeholder:"DIR|FILE" help:"Vectors: a directory of \"words train\", or a file in a form of word2vec, fastText (.vec, .bin) or GloVe."`
	TopN  int    `name:"top-n" default:"5" placeholder:"N" help:"Words to show (${default})."`
	JSON  bool   `help:"Print a line of JSON."`
	A     string `arg:"" help:"The first word."`
	B     string `arg:"" help:"What it is related to."`
	C     string `arg:"" help:"The word to relate likewise."`
}

// Help is shown below the command's summary.
func (wordsAnalogyCommand) Help() string {
	return `Example:

    finetune words analogy --model runs/words man king woman`
}

// Run shows the answers.
func (c *wordsAnalogyCommand) Run(s *streams) error {
	if err := atLeast("top-n", &c.TopN, 1); err != nil {
		return err
	}
	v, err := openVectors(c.Model)
	if err != nil {
		return err
	}
	near, err := v.Analogy(c.A, c.B, c.C, c.TopN)
	if err != nil {
		return err
	}
	return showNeighbors(s, c.JSON, fmt.Sprintf("%s : %s = %s : ?", c.A, c.B, c.C), near)
}

// wordsEvalCommand is `finetune words eval`.
type wordsEvalCommand struct {
	Model      string   `required:"" placeholder:"DIR|FILE" help:"Vectors: a directory of \"words train\", or a file in a form of word2vec, fastText (.vec, .bin) or GloVe."`
	Similarity []string `placeholder:"FILE" sep:"none" help:"Pairs of words with a score, such as WordSim-353 or SimLex-999. May be given several times."`
	Analogies  string   `placeholder:"FILE" help:"Questions of four words a line, in sections, as Google's questions-words.txt."`
	MostWords  int      `default:"300000" placeholder:"N" help:"Look for answers among the N most frequent words (${default}); 0 takes all."`
	JSON       bool     `help:"Print one JSON object."`
}

// Help is shown below the command's summary.
func (wordsEvalCommand) Help() string {
	return `Of pairs, Spearman's correlation of the cosines with the scores is told; of questions the share of right answers by 3CosAdd and by
3CosMul. What has an unknown word is left out, and counted.

Example:

    finetune words eval --model runs/words --similarity wordsim353.tsv --similarity simlex999.txt --analogies questions-words.txt`
}

// similarityFigures and analogyFigures are what --json prints.
type similarityFigures struct {
	File     string   `json:"file"`
	Spearman *float64 `json:"spearman"` // null where there is none
	Pairs    int      `json:"pairs"`
	Unknown  int      `json:"unknown"`
}

type analogyFigures struct {
	Section string  `json:"section"`
	CosAdd  float64 `json:"cos_add"`
	CosMul  float64 `json:"cos_mul"`
	Asked   int     `json:"asked"`
	Unknown int     `json:"unknown"`
}

// Run evaluates.
func (c *wordsEvalCommand) Run(s *streams) error {
	if len(c.Similarity) == 0 && c.Analogies == "" {
		return fmt.Errorf("nothing to compare with: give --similarity FILE or --analogies FILE")
	}
	if err := atLeast("most-words", &c.MostWords, 0); err != nil {
		return err
	}
	v, err := openVectors(c.Model)
	if err != nil {
		return err
	}
	out := struct {
		Words      int                 `json:"words"`
		Dimensions int                 `json:"dimensions"`
		Similarity []similarityFigures `json:"similarity,omitempty"`
		Analogies  *analogyFigures     `json:"analogies,omitempty"`
		Sections   []analogyFigures    `json:"sections,omitempty"`
	}{Words: v.Vocabulary.Len(), Dimensions: v.Dim}
	for _, path := range c.Similarity {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		pairs, err := words.ReadSimilarities(f, path)
		f.Close()
		if err != nil {
			return err
		}
		r := v.EvaluateSimilarity(pairs)
		figures := similarityFigures{File: path, Pairs: r.Pairs, Unknown: r.Unknown}
		if !math.IsNaN(r.Spearman) {
			figures.Spearman = &r.Spearman
		}
		out.Similarity = append(out.Similarity, figures)
	}
	if c.Analogies != "" {
		if out.Analogies, out.Sections, err = c.analogies(v); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(out)
	}
	for _, r := range out.Similarity {
		told := "no correlation"
		if r.Spearman != nil {
			told = fmt.Sprintf("Spearman %.4f", *r.Spearman)
		}
		fmt.Fprintf(s.out, "%s: %s over %s, %d left out\n", r.File, told, plural(r.Pairs, "pair"), r.Unknown)
	}
	for _, r := range append(out.Sections, deref(out.Analogies)...) {
		fmt.Fprintf(s.out, "%-32s 3CosAdd %6.2f%%  3CosMul %6.2f%%  of %d asked, %d left out\n", r.Section, 100*r.CosAdd, 100*r.CosMul, r.Asked, r.Unknown)
	}
	return nil
}

func deref(a *analogyFigures) []analogyFigures {
	if a == nil {
		return nil
	}
	return []analogyFigures{*a}
}

// analogies answers the questions of a file.
func (c *wordsEvalCommand) analogies(v *words.Vectors) (*analogyFigures, []analogyFigures, error) {
	f, err := os.Open(c.Analogies)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	sections, err := words.ReadAnalogies(f, c.Analogies)
	if err != nil {
		return nil, nil, err
	}
	total := words.AnalogyResult{Section: "all"}
	var figures []analogyFigures
	for _, r := range v.EvaluateAnalogies(sections, c.MostWords) {
		figures = append(figures, analogyFiguresOf(r))
		total.Right, total.RightMul, total.Asked, total.Unknown = total.Right+r.Right, total.RightMul+r.RightMul, total.Asked+r.Asked, total.Unknown+r.Unknown
	}
	all := analogyFiguresOf(total)
	return &all, figures, nil
}

func analogyFiguresOf(r words.AnalogyResult) analogyFigures {
	asked := float64(max(1, r.Asked))
	return analogyFigures{r.Section, float64(r.Right) / asked, float64(r.RightMul) / asked, r.Asked, r.Unknown}
}

// wordsConvertCommand is `finetune words convert`.
type wordsConvertCommand struct {
	Model  string `required:"" placeholder:"DIR|FILE" help:"Vectors: a directory of \"words train\", or a file in a form of word2vec, fastText (.vec, .bin) or GloVe."`
	Format string `enum:"word2vec,word2vec-bin,glove,fasttext,keyedvectors" default:"word2vec" placeholder:"word2vec|word2vec-bin|glove|fasttext|keyedvectors" help:"The form: ${enum} (${default})."`
	Output string `required:"" placeholder:"FILE" help:"The file to write."`
}

// Help is shown below the command's summary.
func (wordsConvertCommand) Help() string {
	return `word2vec is the form of text that gensim reads, and of fastText's .vec files; word2vec-bin has the same numbers as bytes.
fasttext is fastText's .bin, with what finds the vectors of unknown words and learns on; it takes a model of skipgram, cbow or fasttext.
keyedvectors is what gensim's KeyedVectors.load reads, a pickle with a .npy beside it.

Example:

    finetune words convert --model runs/words --format word2vec-bin --output vectors.bin`
}

// Run converts.
func (c *wordsConvertCommand) Run(s *streams) error {
	if c.Format == "fasttext" {
		m, _, err := words.OpenModel(c.Model)
		if err != nil {
			return err
		}
		if err := m.SaveFastText(c.Output); err != nil {
			return err
		}
		s.say("wrote %s of %s, %d dimensions, as fastText's .bin", c.Output, plural(m.Vocabulary.Len(), "word"), m.Config.Dim)
		return nil
	}
	v, err := openVectors(c.Model)
	if err != nil {
		return err
	}
	if err := v.Save(c.Output, words.Format(c.Format)); err != nil {
		return err
	}
	s.say("wrote %s of %s, %d dimensions, as %s", c.Output, plural(v.Vocabulary.Len(), "word"), v.Dim, strings.ReplaceAll(c.Format, "-", " "))
	return nil
}
