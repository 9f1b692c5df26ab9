#!/usr/bin/env python3
"""Shows that `finetune prompt optimize` lifts a model by ten points on questions that it was not chosen by, in under ten minutes.

    python internal/proofs/prompt.py SMOLLM2.gguf [--finetune PATH] [--keep DIR]

The task is made here: 96 remarks on what people bought, and whether who wrote them is pleased, asked for by a bare question. The search has
48 of them; the others tell what it has brought. Needs Go.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
THINGS = "kettle lamp backpack blender tent keyboard jacket radio bicycle suitcase pillow camera".split()
GOOD = ["The {} still looks new after a year.", "I would buy this {} again tomorrow.", "Best {} we have ever owned.", "My sister borrowed the {} and now wants one."]
BAD = ["The {} fell apart within a week.", "I sent the {} back the same day.", "Do not waste your money on this {}.", "After two uses the {} went into the bin."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    parser.add_argument("--finetune")
    parser.add_argument("--keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(options.keep or folder)
        work.mkdir(exist_ok=True)
        finetune = options.finetune
        if not finetune:
            finetune = str(work / "finetune")
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        rows = [{"text": form.format(thing), "label": label} for label, forms in (("pleased", GOOD), ("angry", BAD)) for form in forms for thing in THINGS]
        random.Random(5).shuffle(rows)
        (work / "remarks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (work / "task.yaml").write_text('data: remarks.jsonl\nquestion: "Remark: {{.text}}\\nThe customer is"\nchoices: [pleased, angry]\nanswer: label\n')
        begin = time.time()
        command = [finetune, "prompt", "optimize", "--model", options.gguf, "--task", work / "task.yaml", "--output-dir", work / "found", "--json"]
        result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
        minutes = (time.time() - begin) / 60
    before, after = result["before"]["value"], result["after"]["value"]
    print(f"{result['held_out']} questions held out: {before:.3f} before, {after:.3f} after {result['trials']} trials, {minutes:.1f} minutes; instruction {result['instruction']!r}, "
          f"{len(result['examples'])} examples")
    if after - before < 0.1 or minutes > 10:
        sys.exit("expected ten points more in under ten minutes")


if __name__ == "__main__":
    main()
