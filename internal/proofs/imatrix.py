#!/usr/bin/env python3
"""Shows that an importance matrix makes a packed model better: its loss on a text is lower than without.

    python internal/proofs/imatrix.py MODEL [--finetune PATH] [--formats q4_0,q4_k_m,…]

The matrix comes from one part of Newton's Opticks, the loss is that of another. Needs Go, and its source tree.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--formats", default="q4_0,q4_1,q5_0,q5_1,q4_k_m,q5_k_m")
    options = parser.parse_args()
    goroot = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    text = pathlib.Path(goroot, "src/testdata/Isaac.Newton-Opticks.txt").read_bytes()
    higher = []
    with tempfile.TemporaryDirectory() as folder:
        finetune = options.finetune
        if not finetune:
            finetune = folder + "/finetune"
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        seen, asked = pathlib.Path(folder, "seen.txt"), pathlib.Path(folder, "asked.txt")
        seen.write_bytes(text[200_000:240_000])
        asked.write_bytes(text[100_000:150_000])

        def loss(model):
            command = [finetune, "eval", "--model", model, "--data", asked, "--seq-len", "512", "--json"]
            return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["loss"]

        source = loss(options.model)
        print(f"{options.model}: loss {source:.5f}", flush=True)
        for name in options.formats.split(","):
            losses = []
            for flags in ([], ["--imatrix", seen]):
                path = f"{folder}/{name}{len(flags)}.gguf"
                subprocess.run([finetune, "export", "--model", options.model, "--quantize", name, *flags, "--output", path], stdout=subprocess.DEVNULL, check=True)
                losses.append(loss(path))
                pathlib.Path(path).unlink()
            print(f"{name}: loss {losses[0]:.5f} without, {losses[1]:.5f} with the matrix; of what rounding costs, {100 * (losses[0] - losses[1]) / (losses[0] - source):.0f}% less", flush=True)
            if losses[1] >= losses[0]:
                higher.append(name)
    if higher:
        sys.exit("the loss isn't lower of " + ", ".join(higher))


if __name__ == "__main__":
    main()
