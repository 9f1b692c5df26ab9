package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// vectors describes the registers and the tile of a set of instructions.
type vectors struct {
	name      string
	size      int // bytes of a register
	registers []VecPhysical
	rows      int  // of a tile, whose columns are two registers
	slimRows  int  // of a slim tile
	masks     bool // there are mask registers
}

var (
	avx512 = vectors{name: "AVX512", size: 64, registers: zmm, rows: 14, slimRows: 3, masks: true}
	avx2   = vectors{name: "AVX2", size: 32, registers: ymm, rows: 6, slimRows: 1}
)

// wide says whether the registers are those of AVX-512.
func (s vectors) wide() bool { return s.size == 64 }

// product generates the inner parts of Product: tiles and the packing of panels.
func product() {
	for _, s := range []vectors{avx512, avx2} {
		tile(s)
		tilePacking(s)
		tileRun(s)
		slim(s)
		slimTurned(s)
		if !s.masks {
			slimWide(s)
		}
		copyPanels(s)
		turnPanel(s)
	}
	TEXT("fence", NOSPLIT, "func()")
	Doc("fence makes what was written past the caches seen before what is written next.")
	SFENCE()
	RET()
}
