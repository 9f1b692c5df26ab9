#!/usr/bin/env python3
"""Measures reading and writing of a GGUF file as it lies beside llama.cpp, in alternating runs on two threads, and prints medians.

    python internal/proofs/llamacpp_speed.py MODEL.gguf [--finetune PATH] [--runs 5] [--prompt 600] [--tokens 128]

Each run is a process of its own, which reads a prompt and writes greedily behind it. llama.cpp has read a few tokens before, as its own benchmark does, and
keeps keys and values as it does by default. Fails where we are slower in one of both. Needs Go, numpy and llama-cpp-python; a machine with nothing else to do.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from llamacpp import FLOAT16, Model, built, version


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=600)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--theirs", metavar="FILE", help="only read the prompt in this file with llama.cpp, and write")
    options = parser.parse_args()
    if options.theirs:
        return theirs(options)
    print(version())
    with tempfile.TemporaryDirectory() as folder:
        finetune = options.finetune or built(folder)
        goroot = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        text = pathlib.Path(goroot, "src/testdata/Isaac.Newton-Opticks.txt").read_text()[100_000 : 100_000 + 8 * options.prompt]  # llama.cpp is slow at splitting much text
        model = Model(options.model)
        while (n := len(model.ids(text))) > options.prompt:
            text = text[: len(text) * options.prompt // n]
        prompt = pathlib.Path(folder, "prompt.txt")
        prompt.write_text(" ".join(text.split()) + "\n")
        del model
        command = [finetune, "generate", "--model", options.model, "--prompts-file", prompt, "--no-chat", "--temperature", "0", "--json"]
        command += ["--max-new-tokens", str(options.tokens), "--threads", str(options.threads)]
        beside = [sys.executable, __file__, *sys.argv[1:], "--theirs", prompt]
        ours, llamas = [], []
        for run in range(options.runs):
            line = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            ours.append((line["prompt_tokens_per_second"], line["tokens_per_second"]))
            llamas.append(json.loads(subprocess.run(beside, stdout=subprocess.PIPE, check=True).stdout))
            print(f"run {run + 1}: ours {ours[-1]}, llama.cpp {llamas[-1]} tokens/s of the prompt, of what is written", flush=True)
    slower = False
    for i, what in enumerate(("prompt", "written")):
        mine, other = (statistics.median(run[i] for run in runs) for runs in (ours, llamas))
        print(f"{what}: {mine:.1f} tokens/s, llama.cpp {other:.1f}, {mine / other:.2f} times")
        slower = slower or mine < other
    sys.exit(slower)


def theirs(options):
    """Prints llama.cpp's tokens a second of prompt and writing."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    model = Model(options.model, threads=options.threads, cache=FLOAT16)
    ids = model.ids(pathlib.Path(options.theirs).read_text().rstrip("\n"))
    model.read(ids[:16])
    model.read(ids[:1])
    model.forget()
    begin = time.perf_counter()
    logits = model.read(ids)
    read = time.perf_counter()
    for _ in range(options.tokens - 1):
        logits = model.read([logits.argmax()])
    end = time.perf_counter()
    print(json.dumps((round(len(ids) / (read - begin), 1), round((options.tokens - 1) / (end - read), 1))))


if __name__ == "__main__":
    main()
