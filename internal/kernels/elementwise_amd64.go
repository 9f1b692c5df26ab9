//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// allVectors returns the assembly that this build has, the slowest first.
func allVectors() []*vectors { return []*vectors{&vectorsAVX2, &vectorsAVX512} }

var vectorsAVX2 = vectors{
	level: cpu.AVX2,

	add: addAVX2, mul: mulAVX2,
	scale: scaleAVX2, axpy: axpyAVX2,
	addRows:    addRowsAVX2,
	sum:        sumAVX2,
	dot:        dotAVX2,
	sumSquares: sumSquaresAVX2,
	dotEach:    dotEachAVX2,
	axpyEach:   axpyEachAVX2,

	activate: [activations]func(dst, x []float32, past bool){
		ReLU:        reluAVX2,
		ReLUSquared: reluSquaredAVX2,
		GELU:        geluAVX2,
		GELUTanh:    geluTanhAVX2,
		SiLU:        siluAVX2,
		Tanh:        tanhAVX2,
		Sigmoid:     sigmoidAVX2,
	},
	activateGrad: [activations]func(dst, x, dy []float32){
		ReLU:        reluGradAVX2,
		ReLUSquared: reluSquaredGradAVX2,
		GELU:        geluGradAVX2,
		GELUTanh:    geluTanhGradAVX2,
		SiLU:        siluGradAVX2,
		Tanh:        tanhGradAVX2,
		Sigmoid:     sigmoidGradAVX2,
	},
	valueGrad: [activations]func(dst, value, x, dy []float32, past bool){
		ReLU:        reluValueGradAVX2,
		ReLUSquared: reluSquaredValueGradAVX2,
		GELU:        geluValueGradAVX2,
		GELUTanh:    geluTanhValueGradAVX2,
		SiLU:        siluValueGradAVX2,
		Tanh:        tanhValueGradAVX2,
		Sigmoid:     sigmoidValueGradAVX2,
	},
	gate: [activations]func(dst, a, b []float32, past bool){
		ReLU:        reluGateAVX2,
		ReLUSquared: reluSquaredGateAVX2,
		GELU:        geluGateAVX2,
		GELUTanh:    geluTanhGateAVX2,
		SiLU:        siluGateAVX2,
		Tanh:        tanhGateAVX2,
		Sigmoid:     sigmoidGateAVX2,
	},
	gateGrad: [activations]func(da, db, a, b, dy []float32){
		ReLU:        reluGateGradAVX2,
		ReLUSquared: reluSquaredGateGradAVX2,
		GELU:        geluGateGradAVX2,
		GELUTanh:    geluTanhGateGradAVX2,
		SiLU:        siluGateGradAVX2,
		Tanh:        tanhGateGradAVX2,
		Sigmoid:     sigmoidGateGradAVX2,
	},
	gateValueGrad: [activations]func(da, db, value, a, b, dy []float32, past bool){
		ReLU:        reluGateValueGradAVX2,
		ReLUSquared: reluSquaredGateValueGradAVX2,
		GELU:        geluGateValueGradAVX2,
		GELUTanh:    geluTanhGateValueGradAVX2,
		SiLU:        siluGateValueGradAVX2,
		Tanh:        tanhGateValueGradAVX2,
		Sigmoid:     sigmoidGateValueGradAVX2,
	},

	exp: expAVX2, maxOf: maxOfAVX2, expSum: expSumAVX2,
	softmaxGrad: softmaxGradAVX2,

	expTotal: expTotalAVX2, expScaled: expScaledAVX2,

	layerNorm: layerNormAVX2,
	normRow:   normRowAVX2, normSums: normSumsAVX2, normGrad: normGradAVX2,

	adaGradDot:   adaGradDotAVX2,
	adamW:        adamWAVX2,
	dropoutWords: 4, dropoutMask: dropoutMaskAVX2, applyDropout: applyDropoutAVX2,
	rotateHalves: rotateHalvesAVX2, rotatePairs: rotatePairsAVX2,
}

var vectorsAVX512 = vectors{
	level: cpu.AVX512,

	add: addAVX512, mul: mulAVX512,
	scale: scaleAVX512, axpy: axpyAVX512,
	addRows:    addRowsAVX512,
	sum:        sumAVX512,
	dot:        dotAVX512,
	sumSquares: sumSquaresAVX512,
	dotEach:    dotEachAVX512,
	axpyEach:   axpyEachAVX512,

	activate: [activations]func(dst, x []float32, past bool){
		ReLU:        reluAVX512,
		ReLUSquared: reluSquaredAVX512,
		GELU:        geluAVX512,
		GELUTanh:    geluTanhAVX512,
		SiLU:        siluAVX512,
		Tanh:        tanhAVX512,
		Sigmoid:     sigmoidAVX512,
	},
	activateGrad: [activations]func(dst, x, dy []float32){
		ReLU:        reluGradAVX512,
		ReLUSquared: reluSquaredGradAVX512,
		GELU:        geluGradAVX512,
		GELUTanh:    geluTanhGradAVX512,
		SiLU:        siluGradAVX512,
		Tanh:        tanhGradAVX512,
		Sigmoid:     sigmoidGradAVX512,
	},
	valueGrad: [activations]func(dst, value, x, dy []float32, past bool){
		ReLU:        reluValueGradAVX512,
		ReLUSquared: reluSquaredValueGradAVX512,
		GELU:        geluValueGradAVX512,
		GELUTanh:    geluTanhValueGradAVX512,
		SiLU:        siluValueGradAVX512,
		Tanh:        tanhValueGradAVX512,
		Sigmoid:     sigmoidValueGradAVX512,
	},
	gate: [activations]func(dst, a, b []float32, past bool){
		ReLU:        reluGateAVX512,
		ReLUSquared: reluSquaredGateAVX512,
		GELU:        geluGateAVX512,
		GELUTanh:    geluTanhGateAVX512,
		SiLU:        siluGateAVX512,
		Tanh:        tanhGateAVX512,
		Sigmoid:     sigmoidGateAVX512,
	},
	gateGrad: [activations]func(da, db, a, b, dy []float32){
		ReLU:        reluGateGradAVX512,
		ReLUSquared: reluSquaredGateGradAVX512,
		GELU:        geluGateGradAVX512,
		GELUTanh:    geluTanhGateGradAVX512,
		SiLU:        siluGateGradAVX512,
		Tanh:        tanhGateGradAVX512,
		Sigmoid:     sigmoidGateGradAVX512,
	},
	gateValueGrad: [activations]func(da, db, value, a, b, dy []float32, past bool){
		ReLU:        reluGateValueGradAVX512,
		ReLUSquared: reluSquaredGateValueGradAVX512,
		GELU:        geluGateValueGradAVX512,
		GELUTanh:    geluTanhGateValueGradAVX512,
		SiLU:        siluGateValueGradAVX512,
		Tanh:        tanhGateValueGradAVX512,
		Sigmoid:     sigmoidGateValueGradAVX512,
	},

	exp: expAVX512, maxOf: maxOfAVX512, expSum: expSumAVX512,
	softmaxGrad: softmaxGradAVX512,

	expTotal: expTotalAVX512, expScaled: expScaledAVX512,

	layerNorm: layerNormAVX512,
	normRow:   normRowAVX512, normSums: normSumsAVX512, normGrad: normGradAVX512,

	adaGradDot:   adaGradDotAVX512,
	adamW:        adamWAVX512,
	dropoutWords: 8, dropoutMask: dropoutMaskAVX512, applyDropout: applyDropoutAVX512,
	rotateHalves: rotateHalvesAVX512, rotatePairs: rotatePairsAVX512,
}
