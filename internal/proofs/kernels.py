#!/usr/bin/env python3
"""Times our matrix products and attention beside those of PyTorch and NumPy's OpenBLAS, shape by shape, in alternating runs.

    python internal/proofs/kernels.py [--runs 5] [--only REGEX] [--threads N]

The shapes are those of `go test -bench 'Product|Attention' ./internal/kernels`. It prints GFLOP/s, the median of the runs and in brackets the lowest
and highest, our share of the multiply-add peak, and how many times as fast as the others we are. A run is the median of at least three calls. Causal
attention counts the half of the scores that is seen, forward and backward together. With SEAHORSE_CPU=avx2 in the environment the others keep to AVX2
too. At last it prints the mean and the least of the ratios to OpenBLAS. Needs Go, and an environment with torch and numpy.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

os.environ.pop("OPENBLAS_CORETYPE", None)  # before NumPy is loaded: let it see the processor as it is
if os.environ.get("SEAHORSE_CPU") == "avx2":  # nor may the others use more
    os.environ.update(OPENBLAS_CORETYPE="Haswell", ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2", MKL_ENABLE_INSTRUCTIONS="AVX2")

import numpy
import torch
from torch.nn import functional

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SECONDS = 0.1  # of a run, at least


def rate(call, flops):
    call()
    times = []
    while len(times) < 3 or sum(times) < SECONDS:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return flops / statistics.median(times) / 1e9


class Ours:
    """The benchmarks of package kernels."""

    def __init__(self, work, threads):
        self.binary = os.path.join(work, "kernels.test")
        self.environment = dict(os.environ, GOMAXPROCS=str(threads))
        subprocess.run(["go", "test", "-c", "-o", self.binary, "./internal/kernels"], cwd=ROOT, check=True)

    def run(self, name):
        """Returns the rates and the shares of the peak of the benchmarks of a name."""
        pattern = "/".join(f"^{part}$" for part in ("Benchmark" + name).split("/"))
        command = [self.binary, "-test.run", "-", "-test.bench", pattern, "-test.benchtime", f"{SECONDS}s"]
        printed = subprocess.run(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, check=True, text=True).stdout
        found = re.findall(r"([\d.]+) %peak\s+([\d.]+) GFLOP/s", printed)
        if not found:
            raise SystemExit(f"no benchmark {name}:\n{printed}")
        return [float(r) for _, r in found], [float(p) for p, _ in found]


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


def product(m, n, k, layout):
    """Returns the name, and the calls of the others."""
    a = torch.ones(k, m).t() if layout[0] == "T" else torch.ones(m, k)
    b = torch.ones(n, k).t() if layout[1] == "T" else torch.ones(k, n)
    c = torch.empty(m, n)
    x, y, z = a.numpy(), b.numpy(), c.numpy()  # views
    flops = 2 * m * n * k
    return f"Product/{m}x{n}x{k}/{layout}", {
        "OpenBLAS": lambda: rate(lambda: numpy.matmul(x, y, out=z), flops),
        "PyTorch": lambda: rate(lambda: torch.mm(a, b, out=c), flops),
    }


def attention(batch, length, heads, size):
    q, k, v = (torch.randn(batch, heads, length, size, requires_grad=True) for _ in range(3))
    grad = torch.ones(batch, heads, length, size)
    flops = 3.5 * 2 * batch * heads * size * length * length

    def both():
        functional.scaled_dot_product_attention(q, k, v, is_causal=True).backward(grad)

    return f"Attention/B{batch}_T{length}_H{heads}_K{size}", {"PyTorch": lambda: rate(both, flops)}


def spread(values):
    return f"{statistics.median(values):6.1f} ({min(values):.0f}–{max(values):.0f})"


def compare(ours, name, others, runs):
    mine, share, theirs = [], [], {other: [] for other in others}
    for _ in range(runs):
        rates, shares = ours.run(name)
        if len(rates) == 2:  # forward, and backward with 2.5 times the work
            rates, shares = ([3.5 / (1 / v[0] + 2.5 / v[1])] for v in (rates, shares))
        mine += rates
        share += shares
        for other, call in others.items():
            theirs[other].append(call())
    line = f"{name:30} {spread(mine):20} GFLOP/s {statistics.median(share):3.0f}% of the peak"
    for other, values in theirs.items():
        line += f"   {other} {spread(values):20} {statistics.median(mine) / statistics.median(values):.2f}×"
    print(line, flush=True)
    return statistics.median(mine) / statistics.median(theirs["OpenBLAS"]) if "OpenBLAS" in theirs else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="the shapes whose names match")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as work:
        ours = Ours(work, options.threads)
        shapes = [(product, s) for s in products()]
        shapes += [(attention, s) for s in ((12, 64, 4, 32), (16, 256, 6, 64), (1, 1024, 12, 64), (1, 4096, 2, 64), (1, 8192, 2, 64))]
        ratios = []
        for make, shape in shapes:
            name, others = make(*shape)
            if re.search(options.only, name):
                ratios.append(compare(ours, name, others, options.runs))
        ratios = [r for r in ratios if r]
        if ratios:
            print(f"to OpenBLAS: mean {statistics.mean(ratios):.2f}, least {min(ratios):.2f}, of {len(ratios)} products")


if __name__ == "__main__":
    main()
