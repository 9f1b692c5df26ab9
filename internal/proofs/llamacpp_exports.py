#!/usr/bin/env python3
"""Shows that llama.cpp opens what `finetune export` writes, and computes the same with it.

    python internal/proofs/llamacpp_exports.py MODEL [--finetune PATH] [--formats f32,q8_0,…] [--unpacked q8_0,…] [--adapter DIR] [--keep DIR]

For each format: 48 greedy tokens behind 20 prompts, which must be the same up to the first whose lead over the next best is below 0.01, and the perplexity
of a text, which must agree within 0.5%. llama.cpp has its keys and values in float32; yet it rounds what it multiplies with packed matrices, to 8 bits
or to the matrix's 16, which we don't. So equal tokens are demanded of f32 alone, and of the others told: how many texts are equal, and by what leads the
others differ. What a packed file of --unpacked stands for is written once more, in float32: with that llama.cpp must write what we do with the packed one. Then an adapter (that of --adapter, or one that learns a little here) as a GGUF file beside the model, against
finetune with the adapter's own directory. Needs Go, numpy and llama-cpp-python.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from llamacpp import ROOT, Model, built, version

FORMATS = "f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q4_k_m q5_k_m q6_k".split()
TOKENS, LEAD, LENGTH, PART = 48, 1e-2, 512, 20_000  # of the text, in bytes
PROMPTS = """The capital of France is
Once upon a time, in a village by the sea,
Water boils at a temperature of
def fibonacci(n):
The three primary colours are
In 1969, the first men
To make a cup of tea, you first
My favourite animal is the elephant because
The Pythagorean theorem states that
Dear Sir or Madam,
"I don't think so," said the
The mitochondria is
A good night's sleep
Roses are red,
import numpy as np
The largest planet of the solar system
Light travels faster than
人工智能是
1, 1, 2, 3, 5, 8,
She opened the door and saw""".splitlines()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--unpacked", default="q8_0")
    parser.add_argument("--adapter", help="a directory; none for no adapter")
    parser.add_argument("--keep", help="a folder for the files, which stay there and are taken as they are if they are there")
    options = parser.parse_args()
    print(version())
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(options.keep or folder)
        work.mkdir(exist_ok=True)
        proof = Proof(options.finetune or built(folder), options.model, work)
        for name in options.formats.split(","):
            proof.export(name, name in options.unpacked.split(","))
        if options.adapter != "none":
            proof.adapter(options.adapter)
    if proof.wrong:
        sys.exit("not shown: " + ", ".join(proof.wrong))


class Proof:
    """The text and the prompts, and what was wrong so far."""

    def __init__(self, finetune, model, work):
        self.finetune, self.model, self.work, self.wrong = finetune, model, work, []
        goroot = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        text = pathlib.Path(goroot, "src/testdata/Isaac.Newton-Opticks.txt").read_bytes()
        self.text, self.learned = work / "text.txt", work / "learned.txt"
        self.text.write_bytes(text[100_000 : 100_000 + PART])
        self.learned.write_bytes(text[200_000:300_000])
        self.prompts = work / "prompts.txt"
        self.prompts.write_text("".join(p + "\n" for p in PROMPTS))

    def run(self, *arguments):
        return subprocess.run([self.finetune, *map(str, arguments)], stdout=subprocess.PIPE, check=True, text=True).stdout

    def file(self, name, *arguments):
        """Returns a file of the folder that export writes, unless it is there already."""
        path = self.work / name
        if not path.exists():
            self.run("export", *arguments, "--output", path)
        return path

    def export(self, name, unpacked):
        path = self.file(f"{name}.gguf", "--model", self.model, "--quantize", name)
        self.compare(name, Model(path), ["--model", path], exact=name == "f32")
        if unpacked:
            floats = self.file(f"{name}-unpacked.gguf", "--model", path, "--quantize", "f32")
            self.compare(f"{name}, as float32 for llama.cpp", Model(floats), ["--model", path], exact=True)

    def adapter(self, folder):
        if not folder:
            folder = self.work / "adapter"
            if not folder.exists():
                self.run("sft", "--model", self.model, "--data", self.learned, "--use-peft", "--lora-r", 8, "--learning-rate", 0.003, "--max-steps", 6, "--validation-split", 0,
                         "--seq-len", 128, "--batch-size", 2, "--sample-tokens", 0, "--output-dir", folder)  # fmt: skip
        base = self.file("f32.gguf", "--model", self.model, "--quantize", "f32")
        lora = self.file("adapter.gguf", "--model", self.model, "--adapter", folder, "--format", "gguf-lora")
        with_adapter = self.compare("f32 with the adapter", Model(base, lora), ["--model", self.model, "--adapter", folder], exact=True)
        alone, _ = Model(base).loss(self.tokens, LENGTH)
        print(f"  without the adapter, llama.cpp's perplexity is {numpy.exp(alone):.4f}")
        if abs(with_adapter - alone) < 0.01:
            self.wrong.append("the adapter changes nothing")

    def compare(self, name, theirs, flags, exact):
        """Compares llama.cpp's model with finetune's, tells what is found, and returns llama.cpp's loss."""
        lines = self.run("generate", *flags, "--prompts-file", self.prompts, "--no-chat", "--temperature", 0, "--max-new-tokens", TOKENS, "--json").splitlines()
        equal, compared, leads = 0, 0, []
        for line in map(json.loads, lines):
            n, lead = self.follow(theirs, line)
            compared += n
            equal += lead is None
            if lead is not None:
                leads.append(lead)
        ours = json.loads(self.run("eval", *flags, "--data", self.text, "--seq-len", LENGTH, "--json"))
        self.tokens = theirs.ids(self.text.read_text())
        if ours["tokens"] == len(self.tokens):
            self.tokens.append(theirs.end())
        loss, count = theirs.loss(self.tokens, LENGTH)
        ratio = numpy.exp(loss - ours["loss"])
        differs = f", others differ at leads of {', '.join(f'{lead:.3f}' for lead in sorted(leads))}" if leads else ""
        print(f"{name}: {equal} of {len(lines)} texts equal ({compared} tokens compared){differs}; perplexity {numpy.exp(loss):.4f} of {count} tokens, "
              f"ours {numpy.exp(ours['loss']):.4f} of {ours['tokens']}, {100 * (ratio - 1):+.4f}%", flush=True)  # fmt: skip
        if abs(ratio - 1) > 0.005 or count != ours["tokens"]:
            self.wrong.append(f"{name}'s perplexity")
        if exact and leads:
            self.wrong.append(f"{name}'s tokens")
        return loss

    def follow(self, theirs, line):
        """Reads what finetune has written for as long as llama.cpp would write it. Returns how many tokens that are, and the lead by which the next differs."""
        theirs.forget()
        ids = theirs.ids(line["prompt"])
        if ids != line["prompt_ids"]:
            raise SystemExit(f"{line['prompt']!r} has the tokens {ids}, ours {line['prompt_ids']}")
        logits = theirs.read(ids)
        for n in range(TOKENS):
            best, second = numpy.sort(logits)[:-3:-1]
            token = int(logits.argmax())
            if best - second < LEAD:
                return n, None
            if n == len(line["ids"]):  # ours has ended, by the token that was last if it is one that does
                return n, None if theirs.ends(token) or theirs.ends(line["ids"][-1]) else float(best - second)
            if token != line["ids"][n]:
                return n, float(best - second)
            logits = theirs.read([token])
        return TOKENS, None


if __name__ == "__main__":
    main()
