# `make bench` prints the machine's peak, our kernels as fractions of it, and whole training steps beside PyTorch's.
# PYTHON must have torch, numpy and safetensors: python -m venv ENV && ENV/bin/pip install torch numpy safetensors, then make bench PYTHON=ENV/bin/python
PYTHON ?= python3

.PHONY: test bench bench-kernels bench-torch

test:
	go test ./...

bench: bench-kernels bench-torch

bench-kernels:
	go test -run - -bench 'Peak|Copy' ./internal/kernels
	go test -run - -bench 'Product|Attention' -benchtime 0.5s ./internal/kernels

bench-torch:
	$(PYTHON) internal/proofs/kernels.py
	$(PYTHON) internal/proofs/speed.py --compile --bf16
