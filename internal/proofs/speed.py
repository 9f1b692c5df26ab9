#!/usr/bin/env python3
"""Times `finetune bench` beside PyTorch doing the same work, in alternating runs, and prints medians, spread and ratios.

    python internal/proofs/speed.py [--presets char mini gpt2] [--runs 5] [--threads N] [--compile] [--bf16]

Runs of the two sides alternate, so that what else the machine does meets both. Tokens a second are the median of a run's steps after the first
three; the table has the median of the runs and in brackets the lowest and highest. PyTorch runs with --threads threads (default: all cores);
where that is more than one, a first run with one thread tells whether fewer would serve PyTorch better, and the better number is kept.
The share of the peak counts 6·parameters·tokens plus attention's products on the half of the scores that is seen, against the multiply-add
peak that `finetune bench --profile` measures. With SEAHORSE_CPU=avx2 in the environment PyTorch keeps to AVX2 too. Needs Go, and an environment with torch
and safetensors.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHAPES = {  # layers, width, rows, length, steps of a run
    "char": (4, 128, 12, 64, 60),
    "mini": (6, 384, 16, 256, 9),
    "gpt2": (12, 768, 4, 256, 7),
}


def run(command):
    """Returns the summary line of a benchmark."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    if environment.get("SEAHORSE_CPU") == "avx2":
        environment.update(ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2", MKL_ENABLE_INSTRUCTIONS="AVX2")
    result = subprocess.run([str(c) for c in command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr}")
    summary = json.loads(result.stdout.splitlines()[-1])
    peak = re.search(r"peak of .*?: ([\d.]+) GFLOP/s", result.stderr)
    return summary["tokens_per_second"], summary["peak_mib"], float(peak.group(1)) if peak else None


def spread(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def compare(preset, options, finetune):
    layers, width, rows, length, steps = SHAPES[preset]
    ours = [finetune, "bench", "--preset", preset, "--steps", steps, "--threads", options.threads, "--profile"]
    threads = options.threads
    variants = {"eager": []}
    if options.compile:
        variants["compiled"] = ["--compile"]
    if options.bf16:
        variants["bfloat16"] = ["--bf16"]

    def torch(flags, n):
        return [sys.executable, HERE / "torch_steps.py", "--preset", preset, "--steps", steps, "--threads", n, *flags]

    if threads > 1 and run(torch([], 1))[0] > run(torch([], threads))[0]:
        threads = 1
    results = {name: [] for name in ("seahorse", *(["rounded"] if options.bf16 else []), *variants)}
    for _ in range(options.runs):
        results["seahorse"].append(run(ours))
        if options.bf16:
            results["rounded"].append(run([*ours, "--bf16"]))
        for name, flags in variants.items():
            results[name].append(run(torch(flags, threads)))
    mine = statistics.median(r[0] for r in results["seahorse"])
    memory = statistics.median(r[1] for r in results["seahorse"])
    print(f"\n{preset}: {rows} rows of {length}, {options.threads} threads (PyTorch {threads}), {options.runs} runs of {steps} steps")
    for name, found in results.items():
        rate, mib = [r[0] for r in found], statistics.median(r[1] for r in found)
        line = f"  {name:10} {spread(rate):>28} tokens/s  {mib:7,.0f} MiB"
        if name == "rounded":
            line += f"   ours with --bf16: {statistics.median(rate) / mine:.2f} times as fast as without"
        elif name == "bfloat16" and results["rounded"]:
            fast, least = (statistics.median(r[i] for r in results["rounded"]) for i in (0, 1))
            line += f"   ours with --bf16: {fast / statistics.median(rate):.2f} times as fast in {least / mib:.0%} of the memory"
        elif name != "seahorse":
            line += f"   ours: {mine / statistics.median(rate):.2f} times as fast in {memory / mib:.0%} of the memory"
        print(line)
    peaks = [r[2] for r in results["seahorse"] if r[2]]
    if peaks:
        with open(os.path.join(ROOT, "cmd", "finetune", "preset.go")) as f:
            vocab = int(re.search(rf'name: "{preset}".*?vocab: (\d+)', f.read(), re.S).group(1))
        parameters = vocab * width + length * width + layers * (12 * width * width + 13 * width) + 2 * width
        flops = 6 * parameters + 6 * layers * length * width
        print(f"  the step reaches {mine * flops / 1e9 / statistics.median(peaks):.0%} of the multiply-add peak of {statistics.median(peaks):.0f} GFLOP/s")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--compile", action="store_true", help="time torch.compile too")
    parser.add_argument("--bf16", action="store_true", help="time both sides in bfloat16 too; needs AVX512_BF16 or AMX")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        finetune = os.path.join(work, "finetune")
        subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        for preset in options.presets:
            compare(preset, options, finetune)


if __name__ == "__main__":
    main()
