//go:build !purego

#include "textflag.h"

// Instructions that the assembler doesn't know, with the registers that they are used with here.
#define VDPBF16PS(p, q, m) BYTE $0x62; BYTE $p; BYTE $q; BYTE $0x40; BYTE $0x52; BYTE $m // vdpbf16ps zmm, zmm28 or zmm29, zmm30

// Two terms of a row, at SI, by those of 32 columns in Z28 and Z29, to two registers.
#define DOTS(at, p, m, n) \
	VPBROADCASTD at(SI), Z30; \
	VDPBF16PS(p, 0x1e, m); \
	VDPBF16PS(p, 0x16, n)

#define COLUMNS(at) \
	VMOVUPS at(BX), Z28; \
	VMOVUPS (1024+at)(BX), Z29

// Two terms of ten rows and of eleven.
#define TEN(at) \
	DOTS((at), 0x92, 0xc6, 0xce); DOTS((64+at), 0x92, 0xd6, 0xde); DOTS((128+at), 0x92, 0xe6, 0xee); DOTS((192+at), 0x92, 0xf6, 0xfe); \
	DOTS((256+at), 0x12, 0xc6, 0xce); DOTS((320+at), 0x12, 0xd6, 0xde); DOTS((384+at), 0x12, 0xe6, 0xee); DOTS((448+at), 0x12, 0xf6, 0xfe); \
	DOTS((512+at), 0x82, 0xc6, 0xce); DOTS((576+at), 0x82, 0xd6, 0xde)

#define ELEVEN(at) TEN(at); DOTS((640+at), 0x82, 0xe6, 0xee)

#define MOVE_ROW(move, a, b) \
	move(a, (DX)); \
	move(b, 64(DX)); \
	ADDQ R8, DX

#define MOVE_TEN(move) \
	MOVQ DI, DX; \
	MOVE_ROW(move, Z0, Z1); MOVE_ROW(move, Z2, Z3); MOVE_ROW(move, Z4, Z5); MOVE_ROW(move, Z6, Z7); MOVE_ROW(move, Z8, Z9); \
	MOVE_ROW(move, Z10, Z11); MOVE_ROW(move, Z12, Z13); MOVE_ROW(move, Z14, Z15); MOVE_ROW(move, Z16, Z17); MOVE_ROW(move, Z18, Z19)

#define LOAD(z, m) VMOVUPS m, z
#define STORE(z, m) VMOVUPS z, m
#define ZERO(z) VPXORD z, z, z

#define ZERO_TEN \
	ZERO(Z0); ZERO(Z1); ZERO(Z2); ZERO(Z3); ZERO(Z4); ZERO(Z5); ZERO(Z6); ZERO(Z7); ZERO(Z8); ZERO(Z9); \
	ZERO(Z10); ZERO(Z11); ZERO(Z12); ZERO(Z13); ZERO(Z14); ZERO(Z15); ZERO(Z16); ZERO(Z17); ZERO(Z18); ZERO(Z19)

// func multiplyDots(c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)
TEXT ·multiplyDots(SB), NOSPLIT, $0-49
	MOVQ    ldc+8(FP), R8
	MOVQ    blocks+32(FP), R9
	MOVQ    panels+40(FP), R10
	MOVBLZX accumulate+48(FP), R11
	MOVQ    b+24(FP), R12
	MOVQ    c+0(FP), R13
	SHLQ    $2, R8              // bytes from a row of C to the next

panel:
	MOVQ a+16(FP), R14
	MOVQ R13, DI
	MOVQ $2, R15                // twice eleven rows, and then ten

eleven:
	TESTL    R11, R11
	JZ       zero11
	MOVE_TEN(LOAD)
	MOVE_ROW(LOAD, Z20, Z21)
	JMP      begin11

zero11:
	ZERO_TEN
	ZERO(Z20)
	ZERO(Z21)

begin11:
	MOVQ R14, SI
	MOVQ R12, BX
	MOVQ R9, CX

block11:
	MOVQ $4, AX

pairs11:
	COLUMNS(0)
	ELEVEN(0)
	COLUMNS(64)
	ELEVEN(4)
	COLUMNS(128)
	ELEVEN(8)
	COLUMNS(192)
	ELEVEN(12)
	ADDQ $16, SI
	ADDQ $256, BX
	DECQ AX
	JNZ  pairs11
	ADDQ $1984, SI              // to the next block
	ADDQ $1024, BX
	DECQ CX
	JNZ  block11
	MOVE_TEN(STORE)
	MOVE_ROW(STORE, Z20, Z21)
	MOVQ DX, DI
	ADDQ $704, R14
	DECQ R15
	JNZ  eleven

	TESTL    R11, R11
	JZ       zero10
	MOVE_TEN(LOAD)
	JMP      begin10

zero10:
	ZERO_TEN

begin10:
	MOVQ R14, SI
	MOVQ R12, BX
	MOVQ R9, CX

block10:
	MOVQ $4, AX

pairs10:
	COLUMNS(0)
	TEN(0)
	COLUMNS(64)
	TEN(4)
	COLUMNS(128)
	TEN(8)
	COLUMNS(192)
	TEN(12)
	ADDQ $16, SI
	ADDQ $256, BX
	DECQ AX
	JNZ  pairs10
	ADDQ $1984, SI
	ADDQ $1024, BX
	DECQ CX
	JNZ  block10
	MOVE_TEN(STORE)
	MOVQ BX, R12                // behind the panel
	ADDQ $128, R13
	DECQ R10
	JNZ  panel
	VZEROUPPER
	RET
