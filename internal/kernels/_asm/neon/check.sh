#!/bin/sh
# Compares the words in the assembly for arm64 with what llvm-mc makes of the comments behind them.
set -eu
cd "$(dirname "$0")/../.."
words=$(mktemp)
trap 'rm -f "$words"' EXIT
grep -h '	WORD ' ./*_arm64.s | sort -u | sed 's/^.*WORD \$0x\([0-9a-f]*\) \/\/ \(.*\)$/\1 \2/' >"$words"
cut -d' ' -f2- "$words" | llvm-mc -triple=aarch64 -mattr=+neon -show-encoding |
	sed -n 's/^.*encoding: \[0x\(..\),0x\(..\),0x\(..\),0x\(..\)\].*$/\4\3\2\1/p' |
	paste -d' ' - "$words" | awk '$1 != $2 { print "assembled " $1 ", written " $0; bad = 1 } END { print NR " encodings compared"; exit bad }'
