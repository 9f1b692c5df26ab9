package script

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

func TestScripts(t *testing.T) {
	small := Tool{Steps: 100_000, Memory: 32 << 20}
	for code, want := range map[string]string{
		"1 + 2": "3",
		"def f(n):\n  return 1 if n < 2 else n * f(n - 1)\nf(20)": "2432902008176640000",
		"x = 0\nfor i in range(10):\n  x += i\nprint(x)\nx":       "45\n45",
		"json.encode({'a': [1, 2]})":                              `"{\"a\":[1,2]}"`,
		"math.sqrt(16.0)":                                         "4.0",
		"print('é')":                                              "é",
		"":                                                        "",
		"while True: pass":                                        "!more than 100000 steps",
		"1 +":                                                     "!program:1:4: got end of file",
		"x = 1\n1 // 0":                                           "!line 2: floored division by zero",
		"load('a.star', 'b')":                                     "!line 1: load not implemented",
		"open('/etc/passwd')":                                     "!undefined: open",
		"list(range(1000000000))":                                 "!the program takes more than 32 MiB",
		"x = 'a' * 1000\nfor i in range(30): x = x + x": "!the program takes more than 32 MiB",
		"'ab' * 500000000":                         "!the program takes more than 32 MiB",
		"def f(n): return f(n + 1)\nf(0)":          "!",
		"for i in range(20000): print('a' * 1000)": "!the program prints more than 1048576 bytes",
	} {
		begin := time.Now()
		got, err := small.Run(t.Context(), code)
		if bad, fails := strings.CutPrefix(want, "!"); fails && (err == nil || !strings.Contains(err.Error(), bad)) || !fails && (err != nil || got != want) || time.Since(begin) > 20*time.Second {
			t.Errorf("%q: %.100q, %v after %v, expected %q", code, got, err, time.Since(begin), want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := (Tool{Steps: 1 << 60}).Run(ctx, "while True: pass"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program without end: %v", err)
	}
}
