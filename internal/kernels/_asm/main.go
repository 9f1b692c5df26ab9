// Command asm generates the assembly of package kernels with avo, one file for
// each subject. Run generate.sh after a change.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

// subjects are the files that can be generated: <subject>_amd64.s and its stubs.
var subjects = map[string]func(){
	"product": product,
	"peak":    peak,
}

func main() {
	subject := flag.String("subject", "", "what to generate")
	flag.Parse()
	generate, ok := subjects[*subject]
	if !ok {
		fmt.Fprintf(os.Stderr, "asm: unknown subject %q\n", *subject)
		os.Exit(2)
	}
	ConstraintExpr("!purego")
	generate()
	Generate()
}
