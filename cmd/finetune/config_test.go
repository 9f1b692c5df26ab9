package main

import (
	"bytes"
	"github.com/seahorse-ml/seahorse/task"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// parse returns the commands that arguments fill in, and the one that they name.
func parse(t *testing.T, args ...string) (*commands, *kong.Context, error) {
	t.Helper()
	var c commands
	parser, err := newParser(&c, &streams{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(arguments(args))
	return &c, parsed, err
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// read returns what is in a file.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDashes(t *testing.T) {
	got := arguments([]string{"pretrain", "--max_steps", "5", "--learning_rate=1e-3", "--data=a_b.txt", "a_b", "--", "--c_d"})
	want := []string{"pretrain", "--max-steps", "5", "--learning-rate=1e-3", "--data=a_b.txt", "a_b", "--", "--c_d"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestFlagsWinOverConfig(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "c.yaml"), "max_steps: 20\nlearning-rate: 1e-4\ndropout: 0\nn_head:\ndata: \"a: b\"\n")
	c, _, err := parse(t, "pretrain", "--config", file, "--max-steps", "7")
	if err != nil {
		t.Fatal(err)
	}
	p := c.Pretrain
	if *p.MaxSteps != 7 || *p.LearningRate != 1e-4 || !slices.Equal(p.Data, []string{"a: b"}) {
		t.Errorf("got %d steps, rate %g, data %q", *p.MaxSteps, *p.LearningRate, p.Data)
	}
	if p.Dropout == nil || *p.Dropout != 0 {
		t.Error("an explicit zero in the file was taken for no value")
	}
	if p.NHead != nil || p.NLayer != nil {
		t.Error("an option that has no value in the file got one")
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{"lerning_rate: 3\n", `c.yaml:1: unknown key "lerning_rate"; did you mean "learning_rate"?`},
		{"\nhelp: true\n", `c.yaml:2: unknown key "help"`},
		{"config: d.yaml\n", `c.yaml:1: unknown key "config"`},
		{"max_steps: [1]\n", `c.yaml:1: max_steps: expected one value`},
		{"max_steps: 1\nmax-steps: 2\n", `c.yaml:2: the key "max_steps" is there twice`},
		{"seed: 1\nmax_steps: many\n", `c.yaml:2: --max-steps: expected`},
		{"- 1\n", `c.yaml:1: expected lines of the form key: value`},
		{"a: b: c\n", `c.yaml: yaml:`},
		{"command: sft\n", `c.yaml:1: the file is for "finetune sft", not for "finetune pretrain"`},
	} {
		file := write(t, filepath.Join(t.TempDir(), "c.yaml"), c.content)
		_, _, err := parse(t, "pretrain", "--config", file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, expected %s", c.content, err, c.want)
		}
	}
	for _, content := range []string{"", "# nothing\n", "null\n"} {
		file := write(t, filepath.Join(t.TempDir(), "c.yaml"), content)
		if _, _, err := parse(t, "pretrain", "--config", file); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// TestConfigRoundTrip writes resolved options and reads them back by the way that resume takes.
func TestConfigRoundTrip(t *testing.T) {
	dir := t.TempDir()
	data := write(t, filepath.Join(dir, "odd name: #1.txt"), "text")
	c, parsed, err := parse(t, "pretrain", "--data", data, "--output-dir", dir, "--preset", "mini", "--dropout", "0.1", "--seed", "18446744073709551615",
		"--n_layer", "1", "--beta2", "0", "--learning-rate", "3.3333333333333335e-05", "--validation-split", "0")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Pretrain.resolve(); err != nil {
		t.Fatal(err)
	}
	c.Pretrain.resolveSteps(1000, 200)
	content, err := formatConfig(parsed.Selected(), "a comment")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, task.RunName), string(content))
	j, _, err := (&resumeCommand{Dir: dir}).readJob(&streams{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, content)
	}
	got := *j.(*pretrainCommand)
	if got.Config = ""; !reflect.DeepEqual(got, c.Pretrain) {
		t.Errorf("read %+v\nexpected %+v\nfrom\n%s", got, c.Pretrain, content)
	}
}

func TestResumeNeedsResolvedOptions(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		"":                  `expected a line "command: pretrain"`,
		"command: eval\n":   `expected a line "command: pretrain"`,
		"command: pretrain": "is missing; the file is not that of a run",
	} {
		write(t, filepath.Join(dir, task.RunName), content)
		if _, _, err := (&resumeCommand{Dir: dir}).readJob(&streams{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, expected %s", content, err, want)
		}
	}
}

func TestEpochs(t *testing.T) {
	c, _, err := parse(t, "pretrain", "--num-train-epochs", "2.5", "--batch-size", "4", "--gradient-accumulation-steps", "2")
	if err != nil {
		t.Fatal(err)
	}
	o := &c.Pretrain.trainingOptions
	o.resolve(presetNamed("char").training)
	o.resolveSteps(81, 1) // 2.5·81 rows in steps of 8
	if *o.MaxSteps != 26 || *o.EvalSteps != 2 || *o.SaveSteps != 5 || *o.WarmupSteps != 2 {
		t.Errorf("got %d steps, validation each %d, checkpoints each %d, warm-up %d", *o.MaxSteps, *o.EvalSteps, *o.SaveSteps, *o.WarmupSteps)
	}
}

func FuzzReadConfig(f *testing.F) {
	for _, s := range []string{"a: 1\nb: x\n", "a: &x 1\nb: *x\n", "? [a]\n: b\n", "{a: 1, a-b: 2}", "a: !!int x", "<<: {a: 1}", "--- \n...\n"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "c.yaml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		entries, err := readConfig(path)
		seen := map[string]bool{}
		for _, e := range entries {
			if err != nil || seen[e.key] || strings.Contains(e.key, "-") {
				t.Errorf("entry %+v with error %v", e, err)
			}
			seen[e.key] = true
		}
	})
}
