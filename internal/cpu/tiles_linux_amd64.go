//go:build !purego

package cpu

import (
	"sync"
	"syscall"

	"github.com/klauspost/cpuid/v2"
)

// HasTiles reports whether kernels may use tiles of bfloat16: Intel's AMX, of which the system has to be asked, and AVX512_BF16.
var HasTiles = sync.OnceValue(func() bool {
	return Best() == AVX512 && cpuid.CPU.Supports(cpuid.AMXTILE, cpuid.AMXBF16, cpuid.AVX512BF16) && tilesAllowed()
})

// tilesAllowed asks Linux (5.16) for the registers of tiles, which it keeps for those that ask.
func tilesAllowed() bool {
	const (
		request  = 0x1023 // ARCH_REQ_XCOMP_PERM
		tileData = 18     // XFEATURE_XTILEDATA
	)
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, request, tileData, 0)
	return errno == 0
}
