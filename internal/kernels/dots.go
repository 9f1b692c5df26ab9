package kernels

// genericDots says what AVX512_BF16 computes of the tiles that AMX has too, to the bit, where there is no AMX: another sum.
var genericDots = withMultiply(genericTiles, multiplyDotsGeneric)

func withMultiply(k tileKernel, multiply func(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool)) tileKernel {
	k.multiply = multiply
	return k
}

// multiplyDotsGeneric adds the terms to C in pairs: of each the odd one and then the even one. What is too small for a normal number is 0 at each step.
func multiplyDotsGeneric(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
	for panel := range panels {
		panelB := b[panel*blocks*blockSize:]
		for i := range panelLanes {
			for j := range panelLanes {
				dst := &c[i*ldc+panel*panelLanes+j]
				sum := float32(0)
				if accumulate {
					sum = normal(*dst)
				}
				for block := range blocks {
					rowA := a[block*blockSize+i*tileDepth:][:tileDepth]
					tileB := panelB[block*blockSize+j/tileLanes*tileSize+j%tileLanes*2:]
					for k := 0; k < tileDepth; k += 2 {
						sum = normal(sum + float32(fromBFloat16(rowA[k+1])*fromBFloat16(tileB[k/2*tileDepth+1])))
						sum = normal(sum + float32(fromBFloat16(rowA[k])*fromBFloat16(tileB[k/2*tileDepth])))
					}
				}
				*dst = sum
			}
		}
	}
}
