// Command elementwise writes the assembly of the kernels that work element by
// element and row by row, one file for each subject:
//
//	go run ./elementwise -subject norm -out ../norm_amd64.s -stubs ../norm_stubs_amd64.go -pkg kernels
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// subjects are the files that this command writes.
var subjects = map[string]func(simd.Level){
	"activation":   activations,
	"adagrad":      adaGrad,
	"adamw":        adamw,
	"attention":    attention,
	"crossentropy": crossEntropy,
	"dropout":      dropout,
	"norm":         norm,
	"rotary":       rotary,
	"softmax":      softmax,
	"vector":       vector,
}

func main() {
	subject := flag.String("subject", "", "what to write: activation, adagrad, adamw, attention, crossentropy, dropout, norm, rotary, softmax or vector")
	flag.Parse()
	write, ok := subjects[*subject]
	if !ok {
		fmt.Fprintf(os.Stderr, "elementwise: there is no subject %q\n", *subject)
		os.Exit(2)
	}
	ConstraintExpr("amd64,!purego")
	for _, l := range simd.Levels {
		write(l)
	}
	Generate()
}

// function begins the function name of a level.
func function(l simd.Level, name, signature, doc string) {
	simd.Begin()
	TEXT(name+l.Suffix, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + l.Suffix + " " + doc)
}

// end leaves the function.
func end() {
	VZEROUPPER()
	RET()
}
