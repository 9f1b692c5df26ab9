#!/usr/bin/env python3
"""Times the matrix products of PyTorch and of NumPy's OpenBLAS, and PyTorch's attention, on the shapes of `go test -bench 'Product|Attention' ./internal/kernels`.

    python internal/proofs/kernels.py [--threads N]

It prints GFLOP/s, medians of at least five calls; causal attention counts the half of the scores that is seen, forward and backward together.
"""

import argparse
import os
import statistics
import time

os.environ.pop("OPENBLAS_CORETYPE", None)  # before NumPy is loaded: let it see the processor as it is

import numpy
import torch
from torch.nn import functional


def rate(call, flops):
    call()
    times = []
    while len(times) < 5 or sum(times) < 0.5:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return flops / statistics.median(times) / 1e9


def products():
    """The shapes, as rows, columns, terms and which of the operands is stored transposed."""
    for n in (256, 512, 1024, 2048):
        yield n, n, n, "NN"
    for rows, width, vocab in ((768, 128, 65), (4096, 384, 4096), (1024, 768, 50257)):
        for into, out in ((width, 3 * width), (width, width), (width, 4 * width), (4 * width, width), (width, vocab)):
            b = 512 if out == 50257 else rows
            yield b, out, into, "NT"
            yield b, into, out, "NN"
            yield out, into, b, "TN"
    yield 1, 768, 768, "NT"
    yield 1, 50257, 768, "NT"
    yield 1, 3072, 768, "NN"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for m, n, k, layout in products():
        a = torch.ones(k, m).t() if layout[0] == "T" else torch.ones(m, k)
        b = torch.ones(n, k).t() if layout[1] == "T" else torch.ones(k, n)
        c = torch.empty(m, n)
        x, y, z = a.numpy(), b.numpy(), c.numpy()  # views
        flops = 2 * m * n * k
        mine, theirs = rate(lambda: torch.mm(a, b, out=c), flops), rate(lambda: numpy.matmul(x, y, out=z), flops)
        print(f"Product/{m}x{n}x{k}/{layout} {mine:.1f} GFLOP/s, OpenBLAS {theirs:.1f} GFLOP/s", flush=True)
    for batch, length, heads, size in ((12, 64, 4, 32), (16, 256, 6, 64), (1, 1024, 12, 64), (1, 4096, 2, 64), (1, 8192, 2, 64)):
        q, k, v = (torch.randn(batch, heads, length, size, requires_grad=True) for _ in range(3))
        grad = torch.ones(batch, heads, length, size)

        def both():
            functional.scaled_dot_product_attention(q, k, v, is_causal=True).backward(grad)

        flops = 3.5 * 2 * batch * heads * size * length * length
        print(f"Attention/B{batch}_T{length}_H{heads}_K{size} {rate(both, flops):.1f} GFLOP/s forward and backward", flush=True)


if __name__ == "__main__":
    main()
