//go:build !purego

#include "textflag.h"

// Instructions that the assembler doesn't know, with the registers that they are used with here.
#define LDTILECFG_DX          BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0x49; BYTE $0x02                                        // ldtilecfg [rdx]
#define TILERELEASE           BYTE $0xc4; BYTE $0xe2; BYTE $0x78; BYTE $0x49; BYTE $0xc0                                        // tilerelease
#define TILEZERO(modrm)       BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x49; BYTE $modrm                                       // tilezero tmm
#define TILELOAD_C0           BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x04; BYTE $0x07                            // tileloadd tmm0, [rdi+r8]
#define TILELOAD_C1           BYTE $0xc4; BYTE $0xa2; BYTE $0x7b; BYTE $0x4b; BYTE $0x4c; BYTE $0x07; BYTE $0x40                // tileloadd tmm1, [rdi+r8+64]
#define TILELOAD_C2           BYTE $0xc4; BYTE $0x82; BYTE $0x7b; BYTE $0x4b; BYTE $0x14; BYTE $0x04                            // tileloadd tmm2, [r12+r8]
#define TILELOAD_C3           BYTE $0xc4; BYTE $0x82; BYTE $0x7b; BYTE $0x4b; BYTE $0x5c; BYTE $0x04; BYTE $0x40                // tileloadd tmm3, [r12+r8+64]
#define TILELOAD_A0           BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0x64; BYTE $0x05; BYTE $0x00                // tileloadd tmm4, [r13+rax]
#define TILELOAD_A1           BYTE $0xc4; BYTE $0xc2; BYTE $0x7b; BYTE $0x4b; BYTE $0xac; BYTE $0x05; LONG $0x00000400          // tileloadd tmm5, [r13+rax+1024]
#define TILELOAD_B0           BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x4b; BYTE $0x34; BYTE $0x03                            // tileloadd tmm6, [rbx+rax]
#define TILELOAD_B1           BYTE $0xc4; BYTE $0xe2; BYTE $0x7b; BYTE $0x4b; BYTE $0xbc; BYTE $0x03; LONG $0x00000400          // tileloadd tmm7, [rbx+rax+1024]
#define TDPBF16PS(b, modrm)   BYTE $0xc4; BYTE $0xe2; BYTE $b; BYTE $0x5c; BYTE $modrm                                          // tdpbf16ps tmm, tmm, tmm
#define TILESTORE_C0          BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x04; BYTE $0x07                            // tilestored [rdi+r8], tmm0
#define TILESTORE_C1          BYTE $0xc4; BYTE $0xa2; BYTE $0x7a; BYTE $0x4b; BYTE $0x4c; BYTE $0x07; BYTE $0x40                // tilestored [rdi+r8+64], tmm1
#define TILESTORE_C2          BYTE $0xc4; BYTE $0x82; BYTE $0x7a; BYTE $0x4b; BYTE $0x14; BYTE $0x04                            // tilestored [r12+r8], tmm2
#define TILESTORE_C3          BYTE $0xc4; BYTE $0x82; BYTE $0x7a; BYTE $0x4b; BYTE $0x5c; BYTE $0x04; BYTE $0x40                // tilestored [r12+r8+64], tmm3
#define VCVTNE2PS2BF16(p, m)  BYTE $0x62; BYTE $p; BYTE $0x17; BYTE $0x40; BYTE $0x72; BYTE $m                                  // vcvtne2ps2bf16 zmm, zmm29, zmm30

// func multiplyAMX(config *tileConfig, c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)
TEXT ·multiplyAMX(SB), NOSPLIT, $0-57
	MOVQ    config+0(FP), DX
	MOVQ    c+8(FP), DI
	MOVQ    ldc+16(FP), R8
	MOVQ    a+24(FP), SI
	MOVQ    b+32(FP), BX
	MOVQ    blocks+40(FP), R9
	MOVQ    panels+48(FP), R10
	MOVBLZX accumulate+56(FP), R11
	LDTILECFG_DX
	MOVQ    $64, AX
	SHLQ    $2, R8              // bytes from a row of C to the next
	MOVQ    R8, R12
	SHLQ    $4, R12
	ADDQ    DI, R12             // row 16

panel:
	TESTL R11, R11
	JZ    zero
	TILELOAD_C0
	TILELOAD_C1
	TILELOAD_C2
	TILELOAD_C3
	JMP   begin

zero:
	TILEZERO(0xc0)
	TILEZERO(0xc8)
	TILEZERO(0xd0)
	TILEZERO(0xd8)

begin:
	MOVQ SI, R13
	MOVQ R9, CX

block:
	TILELOAD_A0
	TILELOAD_B0
	TILELOAD_B1
	TDPBF16PS(0x4a, 0xc4)       // 0 += 4·6
	TILELOAD_A1
	TDPBF16PS(0x42, 0xcc)       // 1 += 4·7
	TDPBF16PS(0x4a, 0xd5)       // 2 += 5·6
	TDPBF16PS(0x42, 0xdd)       // 3 += 5·7
	ADDQ $2048, R13
	ADDQ $2048, BX
	DECQ CX
	JNZ  block
	TILESTORE_C0
	TILESTORE_C1
	TILESTORE_C2
	TILESTORE_C3
	ADDQ $128, DI
	ADDQ $128, R12
	DECQ R10
	JNZ  panel
	TILERELEASE
	RET

// One row of 32 elements, at SI, to register Zi as bfloat16; SI goes to the next.
#define ROW(p, m) \
	VMOVUPS 64(SI), Z29; \
	VMOVUPS (SI), Z30; \
	VCVTNE2PS2BF16(p, m); \
	ADDQ DX, SI

// Two rows of 16 elements, at SI and DX behind it, to register Zi: the elements of a column side by side. Z28 says where they come from.
#define PAIR(p, m, z) \
	VMOVUPS (SI)(DX*1), Z29; \
	VMOVUPS (SI), Z30; \
	VCVTNE2PS2BF16(p, m); \
	VPERMW z, Z28, z; \
	LEAQ (SI)(DX*2), SI

#define ROWS \
	ROW(0x92, 0xc6); ROW(0x92, 0xce); ROW(0x92, 0xd6); ROW(0x92, 0xde); ROW(0x92, 0xe6); ROW(0x92, 0xee); ROW(0x92, 0xf6); ROW(0x92, 0xfe); \
	ROW(0x12, 0xc6); ROW(0x12, 0xce); ROW(0x12, 0xd6); ROW(0x12, 0xde); ROW(0x12, 0xe6); ROW(0x12, 0xee); ROW(0x12, 0xf6); ROW(0x12, 0xfe)

#define PAIRS \
	PAIR(0x92, 0xc6, Z0); PAIR(0x92, 0xce, Z1); PAIR(0x92, 0xd6, Z2); PAIR(0x92, 0xde, Z3); \
	PAIR(0x92, 0xe6, Z4); PAIR(0x92, 0xee, Z5); PAIR(0x92, 0xf6, Z6); PAIR(0x92, 0xfe, Z7); \
	PAIR(0x12, 0xc6, Z8); PAIR(0x12, 0xce, Z9); PAIR(0x12, 0xd6, Z10); PAIR(0x12, 0xde, Z11); \
	PAIR(0x12, 0xe6, Z12); PAIR(0x12, 0xee, Z13); PAIR(0x12, 0xf6, Z14); PAIR(0x12, 0xfe, Z15)

#define STORE16 \
	VMOVDQU64 Z0, (DI); VMOVDQU64 Z1, 64(DI); VMOVDQU64 Z2, 128(DI); VMOVDQU64 Z3, 192(DI); \
	VMOVDQU64 Z4, 256(DI); VMOVDQU64 Z5, 320(DI); VMOVDQU64 Z6, 384(DI); VMOVDQU64 Z7, 448(DI); \
	VMOVDQU64 Z8, 512(DI); VMOVDQU64 Z9, 576(DI); VMOVDQU64 Z10, 640(DI); VMOVDQU64 Z11, 704(DI); \
	VMOVDQU64 Z12, 768(DI); VMOVDQU64 Z13, 832(DI); VMOVDQU64 Z14, 896(DI); VMOVDQU64 Z15, 960(DI)

#define TURN4(a, b, c, d, t, u, v, w) \
	VPUNPCKLDQ  b, a, t; VPUNPCKHDQ b, a, u; VPUNPCKLDQ d, c, v; VPUNPCKHDQ d, c, w; \
	VPUNPCKLQDQ v, t, a; VPUNPCKHQDQ v, t, b; VPUNPCKLQDQ w, u, c; VPUNPCKHQDQ w, u, d

#define TURN16(a, b, c, d, t, u, v, w) \
	VSHUFI32X4 $0x88, b, a, t; VSHUFI32X4 $0xdd, b, a, u; VSHUFI32X4 $0x88, d, c, v; VSHUFI32X4 $0xdd, d, c, w; \
	VSHUFI32X4 $0x88, v, t, a; VSHUFI32X4 $0x88, w, u, b; VSHUFI32X4 $0xdd, v, t, c; VSHUFI32X4 $0xdd, w, u, d

// The matrix of 16 × 16 pairs in Z0 to Z15, turned.
#define TURN \
	TURN4(Z0, Z1, Z2, Z3, Z16, Z17, Z18, Z19); TURN4(Z4, Z5, Z6, Z7, Z20, Z21, Z22, Z23); \
	TURN4(Z8, Z9, Z10, Z11, Z16, Z17, Z18, Z19); TURN4(Z12, Z13, Z14, Z15, Z20, Z21, Z22, Z23); \
	TURN16(Z0, Z4, Z8, Z12, Z16, Z17, Z18, Z19); TURN16(Z1, Z5, Z9, Z13, Z20, Z21, Z22, Z23); \
	TURN16(Z2, Z6, Z10, Z14, Z16, Z17, Z18, Z19); TURN16(Z3, Z7, Z11, Z15, Z20, Z21, Z22, Z23)

// func packRowsAMX(dst *uint16, src *float32, ld, blocks int)
TEXT ·packRowsAMX(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), R8
	MOVQ ld+16(FP), DX
	MOVQ blocks+24(FP), CX
	SHLQ $2, DX

block:
	MOVQ R8, SI
	ROWS
	STORE16
	ADDQ $128, R8
	ADDQ $2048, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func packRowsTurnedAMX(dst *uint16, src *float32, ld, blocks int)
TEXT ·packRowsTurnedAMX(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), R8
	MOVQ ld+16(FP), DX
	MOVQ blocks+24(FP), CX
	SHLQ $2, DX

block:
	MOVQ R8, SI
	ROWS
	TURN
	STORE16
	ADDQ $128, R8
	ADDQ $2048, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// Words from two halves by turns.
DATA interleaved<>+0(SB)/8, $0x0011000100100000
DATA interleaved<>+8(SB)/8, $0x0013000300120002
DATA interleaved<>+16(SB)/8, $0x0015000500140004
DATA interleaved<>+24(SB)/8, $0x0017000700160006
DATA interleaved<>+32(SB)/8, $0x0019000900180008
DATA interleaved<>+40(SB)/8, $0x001b000b001a000a
DATA interleaved<>+48(SB)/8, $0x001d000d001c000c
DATA interleaved<>+56(SB)/8, $0x001f000f001e000e
GLOBL interleaved<>(SB), RODATA|NOPTR, $64

// func packPairsAMX(dst *uint16, src *float32, ld, blocks int)
TEXT ·packPairsAMX(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), R8
	MOVQ ld+16(FP), DX
	MOVQ blocks+24(FP), CX
	SHLQ $2, DX
	MOVQ R8, SI
	VMOVDQU64 interleaved<>(SB), Z28

block:
	PAIRS
	STORE16
	ADDQ $2048, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET

// func packPairsTurnedAMX(dst *uint16, src *float32, ld, blocks int)
TEXT ·packPairsTurnedAMX(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), R8
	MOVQ ld+16(FP), DX
	MOVQ blocks+24(FP), CX
	SHLQ $2, DX
	MOVQ R8, SI
	VMOVDQU64 interleaved<>(SB), Z28

block:
	PAIRS
	TURN
	STORE16
	ADDQ $2048, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET
