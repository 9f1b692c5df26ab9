//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

func detect() Level {
	x := cpu.X86
	switch {
	case x.HasAVX2 && x.HasFMA && x.HasBMI2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Generic
}
