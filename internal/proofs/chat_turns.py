#!/usr/bin/env python3
"""Shows that `finetune chat` answers ten turns of a conversation as transformers does: greedily, by the same chat template, in float32.

    python internal/proofs/chat_turns.py MODEL_DIRECTORY [--finetune PATH] [--tokens N]

Every answer is compared, and each turn goes on from the answers before it. Needs Go, torch and transformers.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TURNS = [
    "What is the capital of France?",
    "And of Italy?",
    "Write two sentences about the second one.",
    "你好！请用中文说一句话。",
    "What did I ask first?",
    "Count from one to ten.",
    "Now backwards 😀, please.",
    "Name three animals that can swim.",
    "Which of them is the largest?",
    "Thank you. Say goodbye in three languages.",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--tokens", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        finetune = options.finetune
        if not finetune:
            finetune = folder + "/finetune"
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        prompts = pathlib.Path(folder, "prompts.txt")
        prompts.write_text("".join(turn + "\n" for turn in TURNS))
        command = [finetune, "chat", "--model", options.model, "--prompts-file", prompts, "--json", "--temperature", "0", "--max-new-tokens", str(options.tokens)]
        lines = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    ours = [json.loads(line)["text"] for line in lines]
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    messages, equal = [], 0
    for turn, answer in zip(TURNS, ours, strict=True):
        messages.append({"role": "user", "content": turn})
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")
        with torch.no_grad():
            out = model.generate(**ids, do_sample=False, max_new_tokens=options.tokens, pad_token_id=0)
        theirs = tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True).strip()
        equal += theirs == answer
        print(f"{'equal' if theirs == answer else 'DIFFERENT'}: {turn!r} {theirs!r}" + ("" if theirs == answer else f", ours {answer!r}"))
        messages.append({"role": "assistant", "content": answer})
    print(f"{equal} of {len(TURNS)} answers are equal")
    if equal != len(TURNS):
        sys.exit(1)


if __name__ == "__main__":
    main()
