# `make bench` prints the machine's peak, our kernels as fractions of it, and whole training steps beside PyTorch's.
# PYTHON must have torch, numpy and safetensors: python -m venv ENV && ENV/bin/pip install torch numpy safetensors, then make bench PYTHON=ENV/bin/python
PYTHON ?= python3

# `make release` builds static binaries into DIST with their SHA-256 sums and an SBOM. From one clean commit and one version
# of Go the bytes are the same wherever it is made; `make release-check` builds all of it once more, from nothing, and compares.
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
DIST ?= dist

# `make vuln` asks Go's database of vulnerabilities about what is linked; it needs a network.

.PHONY: test vuln bench bench-kernels bench-torch release release-check

test:
	go test ./...

bench: bench-kernels bench-torch

bench-kernels:
	go test -run - -bench 'Peak|Copy' ./internal/kernels
	go test -run - -bench 'Product|Attention' -benchtime 0.5s ./internal/kernels

bench-torch:
	$(PYTHON) internal/proofs/kernels.py
	$(PYTHON) internal/proofs/speed.py --compile --bf16

vuln:
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

release:
	sh release.sh $(DIST) $(PLATFORMS)

release-check: release
	cache=$$(mktemp -d) && GOCACHE=$$cache sh release.sh $(DIST)-again $(PLATFORMS); rm -rf $$cache
	cmp $(DIST)/SHA256SUMS $(DIST)-again/SHA256SUMS
	cmp $(DIST)/sbom.spdx $(DIST)-again/sbom.spdx
