//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// allVectors returns the assembly that this build has.
func allVectors() []*vectors { return []*vectors{&vectorsNEON} }

var vectorsNEON = vectors{
	level: cpu.NEON,

	add: addNEON, mul: mulNEON,
	scale: scaleNEON, axpy: axpyNEON,
	addRows:    addRowsNEON,
	sum:        sumNEON,
	dot:        dotNEON,
	sumSquares: sumSquaresNEON,
	dotEach:    dotEachNEON,
	axpyEach:   axpyEachNEON,

	activate: [activations]func(dst, x []float32, past bool){
		ReLU:        reluNEON,
		ReLUSquared: reluSquaredNEON,
		GELU:        geluNEON,
		GELUTanh:    geluTanhNEON,
		SiLU:        siluNEON,
		Tanh:        tanhNEON,
		Sigmoid:     sigmoidNEON,
	},
	activateGrad: [activations]func(dst, x, dy []float32){
		ReLU:        reluGradNEON,
		ReLUSquared: reluSquaredGradNEON,
		GELU:        geluGradNEON,
		GELUTanh:    geluTanhGradNEON,
		SiLU:        siluGradNEON,
		Tanh:        tanhGradNEON,
		Sigmoid:     sigmoidGradNEON,
	},
	valueGrad: [activations]func(dst, value, x, dy []float32, past bool){
		ReLU:        reluValueGradNEON,
		ReLUSquared: reluSquaredValueGradNEON,
		GELU:        geluValueGradNEON,
		GELUTanh:    geluTanhValueGradNEON,
		SiLU:        siluValueGradNEON,
		Tanh:        tanhValueGradNEON,
		Sigmoid:     sigmoidValueGradNEON,
	},
	gate: [activations]func(dst, a, b []float32, past bool){
		ReLU:        reluGateNEON,
		ReLUSquared: reluSquaredGateNEON,
		GELU:        geluGateNEON,
		GELUTanh:    geluTanhGateNEON,
		SiLU:        siluGateNEON,
		Tanh:        tanhGateNEON,
		Sigmoid:     sigmoidGateNEON,
	},
	gateGrad: [activations]func(da, db, a, b, dy []float32){
		ReLU:        reluGateGradNEON,
		ReLUSquared: reluSquaredGateGradNEON,
		GELU:        geluGateGradNEON,
		GELUTanh:    geluTanhGateGradNEON,
		SiLU:        siluGateGradNEON,
		Tanh:        tanhGateGradNEON,
		Sigmoid:     sigmoidGateGradNEON,
	},
	gateValueGrad: [activations]func(da, db, value, a, b, dy []float32, past bool){
		ReLU:        reluGateValueGradNEON,
		ReLUSquared: reluSquaredGateValueGradNEON,
		GELU:        geluGateValueGradNEON,
		GELUTanh:    geluTanhGateValueGradNEON,
		SiLU:        siluGateValueGradNEON,
		Tanh:        tanhGateValueGradNEON,
		Sigmoid:     sigmoidGateValueGradNEON,
	},

	exp: expNEON, maxOf: maxOfNEON, expSum: expSumNEON,
	softmaxGrad: softmaxGradNEON,

	expTotal: expTotalNEON, expScaled: expScaledNEON,

	layerNorm: layerNormNEON,
	normRow:   normRowNEON, normSums: normSumsNEON, normGrad: normGradNEON,

	adaGradDot:   adaGradDotNEON,
	adamW:        adamWNEON,
	dropoutWords: 4, dropoutMask: dropoutMaskNEON, applyDropout: applyDropoutNEON,
	rotateHalves: rotateHalvesNEON, rotatePairs: rotatePairsNEON,
}
