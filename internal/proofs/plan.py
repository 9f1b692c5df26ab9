#!/usr/bin/env python3
"""Compares what `finetune plan` tells of twelve runs with what the runs take: peak memory within 10%, time within 20%.

    python internal/proofs/plan.py SMOLLM2.gguf [--adapters] [--finetune PATH] [--only PART-OF-A-NAME] [--steps N] [--memory-only]

The runs have 0.8 to 350 million parameters: whole models, adapters, 4 bits, checkpointing, packed and unpacked rows, classifiers; with --adapters they are twelve
of adapters of SmolLM2, of each method and storage. The peak is
that of the process by the kernel's count, mapped files included, and the time that of the process from its first step to its end, so that it says
something on a machine with nothing else to do only (--memory-only prints it and doesn't judge it). Needs Linux, Go, and for the largest model torch and transformers.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def records(work):
    """Writes conversations, pairs, labelled texts and a text, all from the words of a book that Go brings along."""
    goroot = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    book = pathlib.Path(goroot, "src/testdata/Isaac.Newton-Opticks.txt").read_text(encoding="utf-8", errors="replace")
    sentences = [" ".join(s.split()) for s in re.split(r"(?<=[.;])\s+", book)]
    sentences = [s for s in sentences if 20 < len(s) < 200]
    draw = random.Random(1)
    pick = lambda: draw.choice(sentences)
    makers = {
        "chats": lambda: {"messages": [{"role": "user", "content": pick()}, {"role": "assistant", "content": pick()}]},
        "pairs": lambda: {"prompt": pick() + " ", "completion": pick()},
        "labels": lambda: (lambda s: {"text": s, "label": "light" if "Light" in s else "other"})(pick()),
    }
    for name, make in makers.items():
        with open(work / f"{name}.jsonl", "w") as f:
            for _ in range(1500):
                f.write(json.dumps(make()) + "\n")
    (work / "book.txt").write_text(book)


LARGE = """
import sys, torch
from transformers import LlamaConfig, LlamaForCausalLM
torch.set_default_dtype(torch.bfloat16)
config = LlamaConfig(vocab_size=49152, hidden_size=1024, intermediate_size=2816, num_hidden_layers=24, num_attention_heads=16, tie_word_embeddings=True,
                     max_position_embeddings=2048, bos_token_id=1, eos_token_id=2, pad_token_id=2)
LlamaForCausalLM(config).save_pretrained(sys.argv[1])
"""


def floats(work, finetune, gguf):
    """Writes SmolLM2 as a directory in float32."""
    subprocess.run([finetune, "export", "--model", gguf, "--format", "hf", "--output", work / "smol"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def large(work):
    """Writes a Llama of 350 million random parameters, with SmolLM2's tokenizer."""
    # In a process of its own: the kernel counts what this one has at most for those that it starts.
    subprocess.run([sys.executable, "-c", LARGE, work / "large"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (work / "smol" / name).exists():  # without a template, conversations are written as ChatML
            shutil.copy(work / "smol" / name, work / "large" / name)


def runs(work, gguf):
    """Returns the runs by name, and what makes the models that they start from."""
    short, long = ["--seq-len", "128", "--batch-size", "4"], ["--seq-len", "128", "--batch-size", "2"]
    chats, pairs, labels = (["--data", str(work / f"{n}.jsonl")] for n in ("chats", "pairs", "labels"))
    small = ["sft", "--model", str(work / "llama")]
    return {
        "char, whole, 0.8M": ["pretrain", "--data", str(work / "book.txt"), "--preset", "char"],
        "GPT-2, whole, 13M": ["pretrain", "--data", str(work / "book.txt"), "--preset", "mini", "--tokenizer", str(work / "llama"), "--batch-size", "8"],
        "Llama, packed pairs, 15M": small + pairs + ["--seq-len", "256", "--batch-size", "4"],
        "Llama, unpacked, 15M": small + pairs + ["--no-packing", "--seq-len", "256", "--batch-size", "4"],
        "Llama, checkpointing, 15M": small + pairs + ["--gradient-checkpointing", "--seq-len", "256", "--batch-size", "4"],
        "Llama, AdamW in 8 bits, 15M": small + pairs + ["--optim", "adamw_8bit", "--seq-len", "256", "--batch-size", "4", "--gradient-accumulation-steps", "2"],
        "Llama, LoRA, 15M": small + pairs + ["--lora-r", "8", "--seq-len", "256", "--batch-size", "4"],
        "BERT, classifier, 6M": ["sft", "--model", str(work / "bert"), "--objective", "classification"] + labels + short,
        "SmolLM2, LoRA, 135M": ["sft", "--model", gguf, "--use-peft"] + chats + short,
        "SmolLM2, LoRA, 4 bits, 135M": ["sft", "--model", gguf, "--use-peft", "--load-in-4bit"] + chats + short,
        "SmolLM2, LoRA, 4 bits, checkpointing": ["sft", "--model", gguf, "--use-peft", "--load-in-4bit", "--gradient-checkpointing"] + chats + short,
        "Llama, LoRA, 4 bits, checkpointing, 350M": ["sft", "--model", str(work / "large"), "--use-peft", "--load-in-4bit", "--gradient-checkpointing"] + chats + long,
    }


def adapters(work, gguf):
    """Returns runs of adapters of SmolLM2 by name."""
    short = ["--data", str(work / "chats.jsonl"), "--seq-len", "128"]
    four, one = ["--batch-size", "4"], ["--batch-size", "1", "--gradient-accumulation-steps", "4"]
    file, folder = ["sft", "--model", gguf, *short, *four], ["sft", "--model", str(work / "smol"), *short]
    few = ["--lora-target-modules", "q_proj,v_proj"]
    return {
        "LoRA": file + ["--use-peft"],
        "rsLoRA of rank 64": file + ["--use-rslora", "--lora-r", "64"],
        "rank 64, AdamW in 8 bits": file + ["--lora-r", "64", "--optim", "adamw_8bit"],
        "DoRA": file + ["--use-dora"],
        "DoRA, 4 bits, checkpointing": file + ["--use-dora", "--load-in-4bit", "--gradient-checkpointing"],
        "LoRA of the table of embeddings": file + ["--lora-target-modules", "q_proj,v_proj,embed_tokens"],
        "LoRA of the head": file + ["--lora-target-modules", "q_proj,v_proj,lm_head"],
        "trained tokens": file + few + ["--trainable-token-indices", "1,2"],
        "a prompt": file + ["--prompt-tuning", "16"],
        "8 bits of a directory": folder + four + ["--use-peft", "--load-in-8bit"],
        "4 bits of a directory": folder + four + ["--use-peft", "--load-in-4bit"],
        "bfloat16, rows one by one": folder + one + ["--use-peft", "--dtype", "bfloat16"],
    }


def measured(command):
    """Runs a command; returns its output, its peak in MiB, and the seconds from the line before its first step to its end."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    begun, lines = time.time(), []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("training"):
            begun = time.time()
    _, status, usage = os.wait4(process.pid, 0)
    seconds, process.returncode = time.time() - begun, status
    if status != 0:
        sys.exit(" ".join(map(str, command)) + "\n" + "".join(lines[-10:]))
    return "".join(lines), usage.ru_maxrss / 1024, seconds


# Runs whose steps are so short that the end of the process would count for more: how many times as many they make.
QUICK = {"char": 20, "BERT": 10}

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    parser.add_argument("--adapters", action="store_true")
    parser.add_argument("--finetune")
    parser.add_argument("--only", default="")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--memory-only", action="store_true")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        finetune = options.finetune
        if not finetune:
            finetune = str(work / "finetune")
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        records(work)
        chosen = {name: args for name, args in (adapters if options.adapters else runs)(work, options.gguf).items() if options.only in name}
        size = ["--n-layer", "6", "--n-head", "6", "--n-embd", "384", "--tokenizer", "bpe", "--vocab-size", "8192", "--seq-len", "512", "--max-steps", "1", "--warmup-steps", "0",
                "--sample-tokens", "0", "--validation-split", "0", "--batch-size", "1"]
        if any(str(work / "llama") in args for args in chosen.values()):
            measured([finetune, "pretrain", "--arch", "llama", "--data", work / "book.txt", "--output-dir", work / "llama", *size])
        if any(str(work / "bert") in args for args in chosen.values()):
            bert = [a if a != "384" else "192" for a in size]
            measured([finetune, "pretrain", "--arch", "bert", "--data", work / "book.txt", "--output-dir", work / "bert", *bert])
        if any(str(work / "smol") in args or str(work / "large") in args for args in chosen.values()):
            floats(work, finetune, options.gguf)
        if any(str(work / "large") in args for args in chosen.values()):
            large(work)
        for name, args in chosen.items():
            steps = options.steps * QUICK.get(name.split(",")[0], 1)
            args = args + ["--max-steps", str(steps), "--warmup-steps", "0", "--sample-tokens", "0", "--validation-split", "0.02", "--eval-steps", "0"]
            told, _, _ = measured([finetune, "plan", *args])
            memory = float(re.search(r"^memory +([\d,]+) MiB", told, re.M).group(1).replace(",", ""))
            number, unit = re.search(r"^time +about ([\d.e+]+) (\w+)", told, re.M).groups()
            planned = float(number) * UNITS[unit]
            _, peak, seconds = measured([finetune, *args, "--output-dir", work / "run"])
            shutil.rmtree(work / "run")
            bad = abs(memory / peak - 1) > 0.1 or not options.memory_only and abs(planned / seconds - 1) > 0.2
            if bad:
                failed.append(name)
            print(f"{name:42} memory {memory:6,.0f} of {peak:6,.0f} MiB ({memory / peak - 1:+.1%})   time {planned:6.1f} of {seconds:6.1f} s ({planned / seconds - 1:+.0%})"
                  + ("   FALLS SHORT" if bad else ""), flush=True)
    if failed:
        sys.exit(f"{len(failed)} of {len(chosen)} runs are beyond the bounds")


if __name__ == "__main__":
    main()
