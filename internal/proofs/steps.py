#!/usr/bin/env python3
"""Compares ten training steps with PyTorch's, from the same weights on the same batches.

Losses must agree within 1e-4 and gradient norms within 1e-3, both relative. Run it in an environment with torch and safetensors:

    python internal/proofs/steps.py [preset ...]        default: char mini

With gpt2 norms differ by 4.5e-3, since PyTorch sums the squares of 39 million gradients of the embedding in float32: 8.290529 in the
first step, where the same gradients give 8.291203 in float64, and Seahorse 8.291203.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STEPS = 10


def run(*command):
    result = subprocess.run([str(c) for c in command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")][:STEPS]


def main():
    failed = False
    torch = [sys.executable, HERE / "torch_steps.py"]
    for preset in sys.argv[1:] or ["char", "mini"]:
        with tempfile.TemporaryDirectory() as init:
            subprocess.run([*torch, "--preset", preset, "--save-init", init], check=True)
            theirs = run(*torch, "--preset", preset, "--init", init, "--steps", STEPS)
            ours = run("go", "run", "./cmd/finetune", "bench", "--preset", preset, "--init", init, "--steps", STEPS)
        assert len(ours) == len(theirs) == STEPS, (len(ours), len(theirs))
        for key, limit in (("loss", 1e-4), ("grad_norm", 1e-3)):
            worst = max(abs(a[key] - b[key]) / abs(b[key]) for a, b in zip(ours, theirs))
            failed |= not worst <= limit
            print(f"{preset}: {key} of {STEPS} steps differs by at most {worst:.1e}, allowed {limit:.0e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
