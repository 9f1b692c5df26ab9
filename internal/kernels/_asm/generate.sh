#!/bin/sh
# Writes the assembly of package kernels and its stubs. CI runs it and fails if
# a file changes.
set -eu
cd "$(dirname "$0")"
asm=$(mktemp)
elementwise=$(mktemp)
unpack=$(mktemp)
row=$(mktemp)
neon=$(mktemp)
trap 'rm -f "$asm" "$elementwise" "$unpack" "$row" "$neon"' EXIT
go build -o "$asm" ./product
for subject in peak product; do
	"$asm" -subject "$subject" -pkg kernels \
		-out "../${subject}_amd64.s" -stubs "../${subject}_stub_amd64.go"
done
go build -o "$elementwise" ./elementwise
for subject in activation adagrad adamw attention crossentropy dropout norm rotary softmax vector; do
	"$elementwise" -subject "$subject" -pkg kernels \
		-out "../${subject}_amd64.s" -stubs "../${subject}_stub_amd64.go"
done
go build -o "$unpack" ./unpack
"$unpack" -pkg kernels -out ../unpack_amd64.s -stubs ../unpack_stub_amd64.go
go build -o "$row" ./row
"$row" -pkg kernels -out ../row_amd64.s -stubs ../row_stub_amd64.go
go build -o "$neon" ./neon
for subject in activation adagrad adamw attention crossentropy dropout norm peak product rotary softmax unpack vector; do
	"$neon" -in "../${subject}_amd64.s" -stubs "../${subject}_stub_amd64.go" \
		-out "../${subject}_arm64.s" -outstubs "../${subject}_stub_arm64.go"
done
