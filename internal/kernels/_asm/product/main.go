// Command product writes the assembly of the matrix product and of the loop
// that measures the processor's peak:
//
//	go run ./product -subject product -out ../product_amd64.s -stubs ../product_stub_amd64.go -pkg kernels
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

// subjects are the files that this command writes.
var subjects = map[string]func(){
	"product": product,
	"peak":    peak,
}

func main() {
	subject := flag.String("subject", "", "what to write: product or peak")
	flag.Parse()
	write, ok := subjects[*subject]
	if !ok {
		fmt.Fprintf(os.Stderr, "product: there is no subject %q\n", *subject)
		os.Exit(2)
	}
	ConstraintExpr("!purego")
	write()
	Generate()
}
