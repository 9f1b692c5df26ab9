package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// peak generates loops of independent multiply-adds, which reach the most
// that the processor can do.
func peak() {
	multiplyAdds("multiplyAddsAVX512", zmm[:16])
	multiplyAdds("multiplyAddsAVX2", ymm[:12])
}

func multiplyAdds(name string, sums []VecPhysical) {
	TEXT(name, NOSPLIT, "func(n int)")
	Pragma("noescape")
	Doc(name + " does n rounds of independent multiply-adds on registers.")
	n := param("n")
	for _, r := range sums {
		VXORPS(r.(Op), r.(Op), r.(Op))
	}
	Label("loop")
	for range 4 {
		for _, r := range sums {
			VFMADD231PS(r.(Op), r.(Op), r.(Op))
		}
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
