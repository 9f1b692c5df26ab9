package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
)

// dataFormat is the options of commands that read texts or records.
type dataFormat struct {
	DataFormat  string   `enum:",text,jsonl,json,csv,tsv,parquet" default:"" placeholder:"text|jsonl|json|csv|tsv|parquet" help:"What the data are. Default: what their content and the end of a file's name say."`
	Include     []string `sep:"none" placeholder:"PATTERN" help:"Of folders, read only files that match, such as '*.txt'; with a slash the path below the folder. May be given several times."`
	Exclude     []string `sep:"none" placeholder:"PATTERN" help:"Of folders, leave out files that match."`
	SkipInvalid bool     `help:"Leave out files and records that can't be read, and list them, rather than stop."`

	columnFlags

	unweighted bool // what records say that they count is passed over
}

// columnFlags name the columns of data that call them otherwise.
type columnFlags struct {
	TextColumn        string `placeholder:"NAME" help:"The column, or key, that is the text. So for the others."`
	TextPairColumn    string `placeholder:"NAME" help:"The second text of a pair."`
	LabelColumn       string `placeholder:"NAME" help:"The label of a text."`
	PromptColumn      string `placeholder:"NAME" help:"The prompt or source."`
	CompletionColumn  string `placeholder:"NAME" help:"What is to be written about the prompt."`
	InstructionColumn string `placeholder:"NAME" help:"The instruction that --input-column goes with and --output-column follows."`
	InputColumn       string `placeholder:"NAME" help:"See --instruction-column."`
	OutputColumn      string `placeholder:"NAME" help:"See --instruction-column."`
	MessagesColumn    string `placeholder:"NAME" help:"The messages of a conversation."`
	ToolsColumn       string `placeholder:"NAME" help:"The tools of a conversation."`
	ChosenColumn      string `placeholder:"NAME" help:"The better of two answers."`
	RejectedColumn    string `placeholder:"NAME" help:"The worse of two answers."`
	AnchorColumn      string `placeholder:"NAME" help:"The text that --positive-column is close to."`
	PositiveColumn    string `placeholder:"NAME" help:"See --anchor-column."`
	NegativeColumn    string `placeholder:"NAME" help:"A text that the anchor is far from."`
	AnswerColumn      string `placeholder:"NAME" help:"What the answer to a prompt is compared with."`
	MarginColumn      string `placeholder:"NAME" help:"By how much --chosen-column is better."`
	WeightColumn      string `placeholder:"NAME" help:"What a record counts beside others, a number of 0 or more."`
	TokensColumn      string `placeholder:"NAME" help:"The words of a text."`
	LabelsColumn      string `placeholder:"NAME" help:"The labels of words."`
}

// columns returns the names that were given, by the keys that they stand for.
func (f columnFlags) columns() data.Columns {
	c := data.Columns{}
	for key, name := range map[string]string{
		"text": f.TextColumn, "text_pair": f.TextPairColumn, "label": f.LabelColumn, "prompt": f.PromptColumn, "completion": f.CompletionColumn,
		"instruction": f.InstructionColumn, "input": f.InputColumn, "output": f.OutputColumn, "messages": f.MessagesColumn, "tools": f.ToolsColumn,
		"chosen": f.ChosenColumn, "rejected": f.RejectedColumn, "anchor": f.AnchorColumn, "positive": f.PositiveColumn, "negative": f.NegativeColumn,
		"answer": f.AnswerColumn, "margin": f.MarginColumn, "weight": f.WeightColumn, "tokens": f.TokensColumn, "labels": f.LabelsColumn,
	} {
		if name != "" {
			c[key] = name
		}
	}
	return c
}

// open finds the data of paths; of folders that have parts, a part. The seed draws records where paths have shares.
func (f dataFormat) open(paths []string, part data.Part, seed uint64, s *streams) (*data.Source, error) {
	source, err := data.Open(data.SourceConfig{
		Paths: paths, Stdin: s.in, Format: data.Format(f.DataFormat), Include: f.Include, Exclude: f.Exclude, SkipInvalid: f.SkipInvalid,
		Columns: f.columns(), Part: part, Seed: seed, Unweighted: f.unweighted, Closed: s.tellSkipped,
	})
	if err != nil {
		return nil, err
	}
	for _, note := range source.Notes() {
		fmt.Fprintf(s.err, "data       %s\n", note)
	}
	return source, nil
}

// held returns those of the paths that are folders with a part to validate or test on, and that part: the first of those that are wanted.
func held(paths []string, wanted ...data.Part) ([]string, data.Part) {
	for _, part := range wanted {
		if with := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !isDir(p) || !data.HasPart(p, part) }); len(with) > 0 {
			return with, part
		}
	}
	return nil, ""
}

// skippedShown is how many of the things that were left out are listed.
const skippedShown = 20

// tellSkipped lists what was left out of the data.
func (s *streams) tellSkipped(skipped []error) {
	fmt.Fprintf(s.err, "left out   %s that can't be read:\n", pluralOf(len(skipped), "file or record", "files and records"))
	for _, err := range skipped[:min(len(skipped), skippedShown)] {
		fmt.Fprintf(s.err, "  %s\n", strings.TrimPrefix(err.Error(), "data: "))
	}
	if more := len(skipped) - skippedShown; more > 0 {
		fmt.Fprintf(s.err, "  and %d more\n", more)
	}
}
