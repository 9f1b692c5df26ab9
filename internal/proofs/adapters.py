#!/usr/bin/env python3
"""Shows that peft loads what finetune trains, and that transformers loads what finetune merges, with the same logits.

    python internal/proofs/adapters.py [--finetune PATH] [--families llama,bert,…] [--methods lora,rslora,dora]

A tiny model of every family is pretrained and gets an adapter of each method, by a few steps at a high rate. Then peft puts the run's directory on
transformers' model of the base, finetune merges the two, and transformers loads the result without a missing or unexpected tensor: the logits of both, and of
finetune's reading of the merged model, must agree within 1e-4, and differ from those of the base. Encoders learn to classify, the
encoder-decoder to write. Needs Go, torch, transformers and peft.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import peft
import torch
import transformers
from hugging_face import build

DECODERS = "glm4 gpt2 gpt_neox granite llama mistral olmo2 phi3 qwen2 qwen3 gemma3_text mixtral".split()
ENCODERS = "bert roberta albert".split()
METHODS = {
    "lora": [],
    "rslora": ["--use-rslora", "--lora-alpha", "4", "--rank-pattern", r"0\..*=2", "--alpha-pattern", r"1\..*=3"],
    "dora": ["--use-dora"],
}
TOLERANCE = 1e-4


class Proof:
    """A folder with data, and the programs."""

    def __init__(self, work, finetune):
        self.work, self.finetune, self.logits = work, finetune, build(work, "./models/internal/logits")
        (work / "pairs.jsonl").write_text("".join(json.dumps({"prompt": f"the word of number {i}", "completion": f"W O R D {i}"}) + "\n" for i in range(40)))
        (work / "classes.jsonl").write_text("".join(json.dumps({"text": f"the word of number {i}", "label": ("even", "odd")[i % 2]}) + "\n" for i in range(40)))

    def run(self, *arguments):
        result = subprocess.run([self.finetune, *map(str, arguments)], capture_output=True, text=True)
        if result.returncode:
            sys.exit(" ".join(map(str, arguments)) + "\n" + result.stderr)

    def base(self, arch):
        """Pretrains the model of a family."""
        data = ["--data", self.work / "pairs.jsonl"] if arch == "t5" else []
        path = self.work / arch
        self.run("pretrain", "--arch", arch, *data, "--n-layer", 2, "--n-embd", 32, "--n-head", 2, "--seq-len", 32, "--max-steps", 2, "--sample-tokens", 0, "--output-dir", path)
        return path

    def check(self, arch, base, method):
        """Trains and merges an adapter of a model, and returns how far the logits are apart, and by how much the adapter changes them."""
        adapter, merged = self.work / f"{arch}-{method}", self.work / f"{arch}-{method}-merged"
        data = [self.work / "classes.jsonl", "--objective", "classification"] if arch in ENCODERS else [self.work / "pairs.jsonl"]
        self.run("sft", "--model", base, "--data", *data, "--use-peft", "--lora-r", 3, "--lora-dropout", 0, *METHODS[method], "--learning-rate", 0.02, "--max-steps", 6, "--warmup-steps", 0,
                 "--validation-split", 0, "--seq-len", 32, "--sample-tokens", 0, "--output-dir", adapter)  # fmt: skip
        self.run("merge", "--model", base, "--adapter", adapter, "--output-dir", merged)
        kind, extra = transformers.AutoModelForCausalLM, {}
        if arch in ENCODERS:
            kind, extra = transformers.AutoModelForSequenceClassification, {"num_labels": 2}
        elif arch == "t5":
            kind = transformers.AutoModelForSeq2SeqLM
        model = kind.from_pretrained(base, dtype=torch.float32, **extra).eval()
        ids = torch.randint(5, min(200, model.config.vocab_size), (2, 20), generator=torch.Generator().manual_seed(1))
        plain = ask(model, ids)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # peft warns where a tensor is missing
            adapted = ask(peft.PeftModel.from_pretrained(model, adapter).eval(), ids)
        loaded, info = kind.from_pretrained(merged, dtype=torch.float32, output_loading_info=True)
        if any(info.values()) or [type(loaded).__name__] != loaded.config.architectures:
            sys.exit(f"{merged}: {info}, {type(loaded).__name__} of {loaded.config.architectures}")
        theirs = ask(loaded.eval(), ids)
        result = subprocess.run([self.logits, merged], input=json.dumps(ids.tolist()), stdout=subprocess.PIPE, text=True, check=True)
        ours = torch.tensor(json.loads(result.stdout)).reshape(theirs.shape)
        return [float((x - theirs).abs().max()) for x in (ours, adapted, plain)]


def ask(model, ids):
    """Returns a model's logits. An encoder-decoder gets the ids on both sides, as our program has it."""
    extra = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), **extra).logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetune")
    parser.add_argument("--families", default=",".join([*DECODERS, *ENCODERS, "t5"]))
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        proof = Proof(work, options.finetune or build(work, "./cmd/finetune"))
        for arch in options.families.split(","):
            base = proof.base(arch)
            for method in options.methods.split(","):
                ours, adapted, plain = proof.check(arch, base, method)
                good = max(ours, adapted) <= TOLERANCE and (plain > 100 * TOLERANCE or arch in ENCODERS)  # whose head is new
                print(f"{arch:12} {method:7} merged, to transformers: ours {ours:.1e}, peft with the adapter {adapted:.1e}; the adapter changes {plain:.2g}" + ("" if good else "   WRONG"), flush=True)
                if not good:
                    wrong.append(f"{arch} {method}")
    if wrong:
        sys.exit("logits differ of " + ", ".join(wrong))


if __name__ == "__main__":
    main()
