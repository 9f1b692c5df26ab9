//go:build !purego

#include "textflag.h"

// Instructions that the assembler doesn't know, with the numbers of their registers.
#define BFMMLA(d, n, m) WORD $(0x6e40ec00 + (m)*65536 + (n)*32 + (d)) // bfmmla vd.4s, vn.8h, vm.8h
#define BFCVTN(d, n)    WORD $(0x0ea16800 + (n)*32 + (d))             // bfcvtn vd.4h, vn.4s
#define BFCVTN2(d, n)   WORD $(0x4ea16800 + (n)*32 + (d))             // bfcvtn2 vd.8h, vn.4s

// TERMS adds four terms of eight rows by eight columns, at so many bytes in the tiles.
#define TERMS(at) \
	FLDPQ (at)(R13), (F16, F17); FLDPQ (at+32)(R13), (F18, F19) \
	FLDPQ (at)(R14), (F20, F21); FLDPQ (at+32)(R14), (F22, F23) \
	BFMMLA(0, 16, 20); BFMMLA(1, 16, 21); BFMMLA(2, 16, 22); BFMMLA(3, 16, 23) \
	BFMMLA(4, 17, 20); BFMMLA(5, 17, 21); BFMMLA(6, 17, 22); BFMMLA(7, 17, 23) \
	BFMMLA(8, 18, 20); BFMMLA(9, 18, 21); BFMMLA(10, 18, 22); BFMMLA(11, 18, 23) \
	BFMMLA(12, 19, 20); BFMMLA(13, 19, 21); BFMMLA(14, 19, 22); BFMMLA(15, 19, 23)

// func multiplyMatrices(c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)
TEXT ·multiplyMatrices(SB), NOSPLIT, $0-49
	MOVD  c+0(FP), R0
	MOVD  ldc+8(FP), R1
	LSL   $2, R1, R1
	MOVD  a+16(FP), R2
	MOVD  b+24(FP), R3
	MOVD  blocks+32(FP), R4
	MOVD  panels+40(FP), R5
	MOVBU accumulate+48(FP), R6

panel:
	MOVD R2, R9  // eight rows of A
	MOVD R0, R17 // their first of C
	MOVD $4, R8

rows:
	MOVD R3, R11 // eight columns of B
	MOVD R17, R12
	MOVD $4, R10

columns:
	MOVD R12, R16
	CBZ  R6, over
	FLDPQ (R16), (F24, F25)
	ADD   R1, R16, R16
	FLDPQ (R16), (F26, F27)
	ADD   R1, R16, R16
	VZIP1 V26.D2, V24.D2, V0.D2
	VZIP2 V26.D2, V24.D2, V1.D2
	VZIP1 V27.D2, V25.D2, V2.D2
	VZIP2 V27.D2, V25.D2, V3.D2
	FLDPQ (R16), (F24, F25)
	ADD   R1, R16, R16
	FLDPQ (R16), (F26, F27)
	ADD   R1, R16, R16
	VZIP1 V26.D2, V24.D2, V4.D2
	VZIP2 V26.D2, V24.D2, V5.D2
	VZIP1 V27.D2, V25.D2, V6.D2
	VZIP2 V27.D2, V25.D2, V7.D2
	FLDPQ (R16), (F24, F25)
	ADD   R1, R16, R16
	FLDPQ (R16), (F26, F27)
	ADD   R1, R16, R16
	VZIP1 V26.D2, V24.D2, V8.D2
	VZIP2 V26.D2, V24.D2, V9.D2
	VZIP1 V27.D2, V25.D2, V10.D2
	VZIP2 V27.D2, V25.D2, V11.D2
	FLDPQ (R16), (F24, F25)
	ADD   R1, R16, R16
	FLDPQ (R16), (F26, F27)
	ADD   R1, R16, R16
	VZIP1 V26.D2, V24.D2, V12.D2
	VZIP2 V26.D2, V24.D2, V13.D2
	VZIP1 V27.D2, V25.D2, V14.D2
	VZIP2 V27.D2, V25.D2, V15.D2
	B    begin

over:
	VEOR  V0.B16, V0.B16, V0.B16
	VEOR  V1.B16, V1.B16, V1.B16
	VEOR  V2.B16, V2.B16, V2.B16
	VEOR  V3.B16, V3.B16, V3.B16
	VEOR  V4.B16, V4.B16, V4.B16
	VEOR  V5.B16, V5.B16, V5.B16
	VEOR  V6.B16, V6.B16, V6.B16
	VEOR  V7.B16, V7.B16, V7.B16
	VEOR  V8.B16, V8.B16, V8.B16
	VEOR  V9.B16, V9.B16, V9.B16
	VEOR  V10.B16, V10.B16, V10.B16
	VEOR  V11.B16, V11.B16, V11.B16
	VEOR  V12.B16, V12.B16, V12.B16
	VEOR  V13.B16, V13.B16, V13.B16
	VEOR  V14.B16, V14.B16, V14.B16
	VEOR  V15.B16, V15.B16, V15.B16

begin:
	MOVD R9, R13
	MOVD R11, R14
	MOVD R4, R15

block:
	TERMS(0)
	TERMS(128)
	TERMS(256)
	TERMS(384)
	TERMS(512)
	TERMS(640)
	TERMS(768)
	TERMS(896)
	ADD  $2048, R13, R13
	ADD  $2048, R14, R14
	SUBS $1, R15, R15
	BNE  block
	MOVD R12, R16
	VZIP1 V1.D2, V0.D2, V24.D2
	VZIP1 V3.D2, V2.D2, V25.D2
	VZIP2 V1.D2, V0.D2, V26.D2
	VZIP2 V3.D2, V2.D2, V27.D2
	FSTPQ (F24, F25), (R16)
	ADD   R1, R16, R16
	FSTPQ (F26, F27), (R16)
	ADD   R1, R16, R16
	VZIP1 V5.D2, V4.D2, V24.D2
	VZIP1 V7.D2, V6.D2, V25.D2
	VZIP2 V5.D2, V4.D2, V26.D2
	VZIP2 V7.D2, V6.D2, V27.D2
	FSTPQ (F24, F25), (R16)
	ADD   R1, R16, R16
	FSTPQ (F26, F27), (R16)
	ADD   R1, R16, R16
	VZIP1 V9.D2, V8.D2, V24.D2
	VZIP1 V11.D2, V10.D2, V25.D2
	VZIP2 V9.D2, V8.D2, V26.D2
	VZIP2 V11.D2, V10.D2, V27.D2
	FSTPQ (F24, F25), (R16)
	ADD   R1, R16, R16
	FSTPQ (F26, F27), (R16)
	ADD   R1, R16, R16
	VZIP1 V13.D2, V12.D2, V24.D2
	VZIP1 V15.D2, V14.D2, V25.D2
	VZIP2 V13.D2, V12.D2, V26.D2
	VZIP2 V15.D2, V14.D2, V27.D2
	FSTPQ (F24, F25), (R16)
	ADD   R1, R16, R16
	FSTPQ (F26, F27), (R16)
	ADD   R1, R16, R16
	ADD  $32, R12, R12
	ADD  $64, R11, R11
	CMP  $3, R10
	BNE  columns_in_tile
	ADD  $896, R11, R11 // the second tile of the panel

columns_in_tile:
	SUBS $1, R10, R10
	BNE  columns
	ADD  R1<<3, R17, R17
	ADD  $64, R9, R9
	CMP  $3, R8
	BNE  rows_in_tile
	ADD  $896, R9, R9

rows_in_tile:
	SUBS $1, R8, R8
	BNE  rows
	ADD  $128, R0, R0
	ADD  R4<<11, R3, R3
	SUBS $1, R5, R5
	BNE  panel
	RET

// func packLanes(dst *uint16, src *float32, ld, blocks int)
TEXT ·packLanes(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2, R2
	MOVD blocks+24(FP), R3

lanes_block:
	MOVD R0, R4
	MOVD R1, R5
	MOVD $8, R6

lanes_pair:
	ADD   R2, R5, R7
	FLDPQ (R5), (F0, F1)
	FLDPQ 32(R5), (F2, F3)
	FLDPQ 64(R5), (F4, F5)
	FLDPQ 96(R5), (F6, F7)
	FLDPQ (R7), (F16, F17)
	FLDPQ 32(R7), (F18, F19)
	FLDPQ 64(R7), (F20, F21)
	FLDPQ 96(R7), (F22, F23)
	BFCVTN(24, 0); BFCVTN2(24, 16); FMOVQ F24, 0(R4)
	BFCVTN(25, 1); BFCVTN2(25, 17); FMOVQ F25, 128(R4)
	BFCVTN(26, 2); BFCVTN2(26, 18); FMOVQ F26, 256(R4)
	BFCVTN(27, 3); BFCVTN2(27, 19); FMOVQ F27, 384(R4)
	BFCVTN(28, 4); BFCVTN2(28, 20); FMOVQ F28, 512(R4)
	BFCVTN(29, 5); BFCVTN2(29, 21); FMOVQ F29, 640(R4)
	BFCVTN(30, 6); BFCVTN2(30, 22); FMOVQ F30, 768(R4)
	BFCVTN(31, 7); BFCVTN2(31, 23); FMOVQ F31, 896(R4)
	ADD  $16, R4, R4
	ADD  R2<<1, R5, R5
	SUBS $1, R6, R6
	BNE  lanes_pair
	ADD  $128, R1, R1
	ADD  $2048, R0, R0
	SUBS $1, R3, R3
	BNE  lanes_block
	RET

// func packTerms(dst *uint16, src *float32, ld, blocks int)
TEXT ·packTerms(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD ld+16(FP), R2
	LSL  $2, R2, R2
	MOVD blocks+24(FP), R3

terms_block:
	MOVD $8, R6

terms_four:
	ADD R2, R1, R4
	ADD R2, R4, R5
	ADD R2, R5, R7
	FLDPQ 0(R1), (F16, F20)
	FLDPQ 0(R4), (F17, F21)
	FLDPQ 0(R5), (F18, F22)
	FLDPQ 0(R7), (F19, F23)
	BFCVTN(0, 16); BFCVTN(1, 17); BFCVTN(2, 18); BFCVTN(3, 19)
	BFCVTN(4, 20); BFCVTN(5, 21); BFCVTN(6, 22); BFCVTN(7, 23)
	VST4.P [V0.H4, V1.H4, V2.H4, V3.H4], 32(R0)
	VST4.P [V4.H4, V5.H4, V6.H4, V7.H4], 32(R0)
	FLDPQ 32(R1), (F16, F20)
	FLDPQ 32(R4), (F17, F21)
	FLDPQ 32(R5), (F18, F22)
	FLDPQ 32(R7), (F19, F23)
	BFCVTN(0, 16); BFCVTN(1, 17); BFCVTN(2, 18); BFCVTN(3, 19)
	BFCVTN(4, 20); BFCVTN(5, 21); BFCVTN(6, 22); BFCVTN(7, 23)
	VST4.P [V0.H4, V1.H4, V2.H4, V3.H4], 32(R0)
	VST4.P [V4.H4, V5.H4, V6.H4, V7.H4], 32(R0)
	ADD  R2, R7, R1
	SUBS $1, R6, R6
	BNE  terms_four
	ADD  $1024, R0, R0
	SUBS $1, R3, R3
	BNE  terms_block
	RET
