#!/usr/bin/env python3
"""Trains every kind of tokenizer on a synthetic text of 2 GB under --max-memory 1GB and measures the peak memory of each process.

    python internal/proofs/tokenizer_memory.py [--size 2e9] [--limit 1e9] [--only KIND ...] [--text FILE]

The text is a quarter of that, four times over: words by frequency as Zipf has it out of five million, and one in two hundred that is like no
other; counting them all in memory would take more than the limit. It prints the seconds and the peak in bytes for each kind, and exits with status 1 if one is
above the limit. --text keeps the text in a file, or uses the one that is there. It needs numpy.
"""

import argparse
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KINDS = {
    "bpe": [],
    "bpe with byte fallback": ["--model", "bpe", "--byte-fallback"],
    "wordpiece": ["--model", "wordpiece"],
    "unigram": ["--model", "unigram"],
    "word": ["--model", "word"],
    "char": ["--model", "char"],
}
SYLLABLES = [a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "ou", "st")]


def write(path, size):
    draw = numpy.random.default_rng(1)
    syllables = numpy.array(SYLLABLES, dtype=object)
    words = syllables[draw.integers(len(syllables), size=5_000_000)]
    for _ in range(3):
        more = syllables[draw.integers(len(syllables), size=len(words))]
        words = words + numpy.where(draw.random(len(words)) < 0.6, more, "")
    once, n = 0, 0
    with open(path, "w", encoding="ascii") as f:
        while n < size / 4:
            ranks = numpy.minimum(draw.zipf(1.2, size=1_000_000), len(words)) - 1
            batch = words[ranks]
            batch[::200] = [f"w{i:x}q" for i in range(once, once + len(batch[::200]))]
            once += len(batch[::200])
            batch[::13] = batch[::13] + "\n"
            n += f.write(" ".join(batch) + "\n")
    with open(path, "rb") as quarter, open(path, "ab") as f:
        for _ in range(3):
            quarter.seek(0)
            left = n
            while left > 0:
                left -= f.write(quarter.read(min(left, 1 << 24)))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--size", type=float, default=2e9, help="bytes of the text (%(default)g)")
    a.add_argument("--limit", type=float, default=1e9, help="bytes of memory (%(default)g)")
    a.add_argument("--only", nargs="*", default=list(KINDS), help="kinds; default: all")
    a.add_argument("--text", type=pathlib.Path)
    o = a.parse_args()
    ok = True
    with tempfile.TemporaryDirectory() as scratch:
        text = o.text or pathlib.Path(scratch, "text.txt")
        if not text.exists():
            # In a process of its own: what a process has at its peak counts for those that it starts, too.
            writer = multiprocessing.Process(target=write, args=(text, o.size))
            writer.start()
            writer.join()
            if writer.exitcode:
                sys.exit(1)
        print(f"{text.stat().st_size:,} bytes of text", flush=True)
        binary = pathlib.Path(scratch, "finetune")
        subprocess.run(["go", "build", "-o", str(binary), "./cmd/finetune"], cwd=ROOT, check=True)
        for kind in o.only:
            out = tempfile.mkdtemp(dir=scratch)
            command = [str(binary), "tokenizer", "train", "--data", str(text), "--max-memory", str(int(o.limit)), "--temp-dir", scratch, "--output-dir", out, *KINDS[kind]]
            begin = time.perf_counter()
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            said = child.stdout.read().strip()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            peak = usage.ru_maxrss * 1024
            good = child.returncode == 0 and peak <= o.limit
            print(f"{kind:24} {time.perf_counter() - begin:6.0f} s  peak {peak / 1e6:7.0f} MB  {said}{'' if good else '  ABOVE THE LIMIT' if child.returncode == 0 else '  FAILED'}", flush=True)
            ok = ok and good
    sys.exit(not ok)


if __name__ == "__main__":
    main()
