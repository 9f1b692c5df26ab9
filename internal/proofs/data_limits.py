#!/usr/bin/env python3
"""Shows that data of unusual size are read or refused by file and line in bounded memory: a line of 100 MB in every format, plain and compressed, and folders of 100,000 files.

    python internal/proofs/data_limits.py [--finetune PATH] [--files N]

A tiny model learns from them for a step. What is refused must name its place and what was expected; no process may have more than 700 MiB. Faults of usual size are
in the tests (task/datafaults_test.go). Needs Linux, Go, and zstd on the path; with pyarrow Parquet too.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORDS = "words " * (1 << 16)
MOST = 700


def long_lines(work):
    """Writes a file of each format whose second record, or first line, has 100 MB; yields the paths, and what is said of them, "" for those that are read."""
    fill = lambda f: [f.write(WORDS) for _ in range(100_000_000 // len(WORDS))]
    for name, start, end, want in (
        ("a.txt", "words\n", "\n", ""),
        ("a.md", "", "", ""),
        ("a.jsonl", '{"text":"ok"}\n{"text":"', '"}\n', ":2: the line is longer than 64 MiB"),
        ("a.json", '[{"text":"ok"},\n{"text":"', '"}]\n', ":2: the object is longer than 64 MiB"),
        ("a.csv", 'text\nok\n"', '"\n', ":3: the line is longer than 64 MiB"),
        ("a.tsv", "text\nok\n", "\n", ":3: the line is longer than 64 MiB"),
    ):
        path = work / name
        with open(path, "w") as f:
            f.write(start)
            fill(f)
            f.write(end)
        yield path, want
        with open(path, "rb") as plain, gzip.open(work / f"{name}.gz", "wb", 1) as packed:
            while part := plain.read(1 << 20):
                packed.write(part)
        yield work / f"{name}.gz", want
        subprocess.run(["zstd", "-q", "-1", path, "-o", work / f"{name}.zst"], check=True)
        yield work / f"{name}.zst", want
        for old in work.glob(f"{name}*"):
            old.unlink()
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        print("no pyarrow: Parquet is left out")
        return
    path = work / "a.parquet"
    program = "import pyarrow as pa, pyarrow.parquet as pq, sys; pq.write_table(pa.table({'text': ['ok', 'words ' * 17_000_000]}), sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    yield path, "expected at most 64 MiB"


def run(command):
    """Returns the status, the output, the peak in MiB and the seconds of a command."""
    begun = time.time()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return status, output, usage.ru_maxrss / 1024, time.time() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetune")
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        finetune = options.finetune
        if not finetune:
            finetune = str(work / "finetune")
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        (work / "words.txt").write_text("words and rest, " * 500)
        model = work / "model"
        tiny = ["--n-layer", "1", "--n-head", "1", "--n-embd", "16", "--seq-len", "64", "--batch-size", "2", "--max-steps", "1", "--warmup-steps", "0", "--sample-tokens", "0"]
        status, output, _, _ = run([finetune, "pretrain", "--data", work / "words.txt", "--tokenizer", "bpe", "--vocab-size", "300", "--output-dir", model, *tiny])
        if status:
            sys.exit(output)

        def learn(what, path, want):
            nonlocal failed
            status, output, peak, seconds = run([finetune, "sft", "--model", model, "--data", path, "--validation-split", "0", "--output-dir", work / "run", *tiny[8:]])
            subprocess.run(["rm", "-rf", work / "run"], check=True)
            good = peak <= MOST and (status == 0 if want == "" else status != 0 and want in output)
            failed += not good
            said = next((line for line in output.splitlines() if want and want in line), "learned" if status == 0 else output[-300:])
            print(f"{what:34} {peak:5.0f} MiB, {seconds:5.1f} s: {said.replace(str(work), '')[:150]}" + ("" if good else "   FALLS SHORT"), flush=True)

        for path, want in long_lines(work):
            learn(f"a line of 100 MB in {path.name}", path, want)
        for end, good, bad, want in (
            (".txt", "some words, {}\n", "some\nwords caf\xe9\n", ":2: invalid UTF-8"),
            (".jsonl", '{{"text": "some words, {}"}}\n', '{"text": "some"}\n{"body": "words"}\n', ":2: expected {\"text\"}"),
        ):
            files = work / f"files{end}"
            files.mkdir()
            for i in range(options.files):
                (files / f"{i:06}{end}").write_text(good.format(i))
            learn(f"{options.files:,} files {end}", files, "")
            (files / f"{options.files // 2:06}{end}").write_text(bad, encoding="latin-1")
            learn(f"{options.files:,} files {end}, one wrong", files, f"{options.files // 2:06}{end}{want}")
            (files / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
            learn(f"{options.files:,} files {end}, and a picture", files, "picture.jpg" if end == ".txt" else "plain texts (picture.jpg) beside records")
    if failed:
        sys.exit(f"{failed} fall short")


if __name__ == "__main__":
    main()
