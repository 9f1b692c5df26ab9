#!/usr/bin/env python3
"""Compares steps of DPO, ten by default, on a low-rank adapter with trl's, from the same weights on the same four pairs of texts of 256 tokens.

    python internal/proofs/dpo.py FINETUNE MODEL_DIR [--steps N] [--runs N] [--factor X] [--with FLAG ...]

MODEL_DIR holds a decoder in float32, such as SmolLM2-135M. Losses must agree within 1e-3, and finetune's peak memory must be at most a quarter of trl's.
With --factor finetune must also be X times as fast: of N runs of each in turn, medians of the seconds that a step takes, the first of each run left out.
Both compute the reference's log-probabilities once, before training, outside of the timed steps. --with hands
flags on to finetune, such as --with=--gradient-checkpointing. --parts N lets finetune make each step in N parts, whose gradients add up to those of the
whole: the same losses in less memory. It needs torch, peft, datasets and trl.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAIRS, LENGTH, RANK, RATE = 4, 256, 16, 2e-5
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def prepare(model, folder):
    """Writes pairs and a fresh adapter. Texts are words that are tokens by themselves, so that both split them alike; with the token that ends a text, each
    has as many tokens as are to be learned from."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    words = [w for w in (tokenizer.decode([i]) for i in range(1000, 4000)) if w[:1] == " " and w[1:].isalpha() and w.isascii()]
    chance = random.Random(1)
    text = lambda n: "".join(chance.choices(words, k=n))
    with open(folder / "pairs.jsonl", "w") as out:
        for _ in range(PAIRS):
            pair = {"prompt": "Words:" + text(62), "chosen": text(191), "rejected": text(191)}
            lengths = {len(tokenizer(pair["prompt"] + pair[side] + tokenizer.eos_token).input_ids) for side in ("chosen", "rejected")}
            assert max(lengths) <= LENGTH and min(lengths) >= LENGTH - 2, lengths
            out.write(json.dumps(pair) + "\n")
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    get_peft_model(base, LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")).save_pretrained(folder / "adapter")


def theirs(model, folder, steps):
    """Trains by trl, and prints what came."""
    import torch
    from datasets import Dataset
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import DPOConfig, DPOTrainer

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    policy = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), folder / "adapter", is_trainable=True)
    config = DPOConfig(output_dir=str(folder / "trl"), per_device_train_batch_size=PAIRS, max_steps=steps, learning_rate=RATE, lr_scheduler_type="constant", max_grad_norm=1.0,
                       max_length=LENGTH, beta=0.1, logging_steps=1, save_strategy="no", report_to="none", use_cpu=True, bf16=False, gradient_checkpointing=False, disable_tqdm=True,
                       precompute_ref_log_probs=True, precompute_ref_batch_size=PAIRS, weight_decay=0.0, adam_beta2=0.999)

    class Clock(TrainerCallback):
        times = []

        def on_step_begin(self, *args, **kwargs):
            self.begun = time.perf_counter()

        def on_step_end(self, *args, **kwargs):
            self.times.append(time.perf_counter() - self.begun)

    pairs = [json.loads(line) for line in open(folder / "pairs.jsonl")]
    trainer = DPOTrainer(model=policy, args=config, processing_class=tokenizer, train_dataset=Dataset.from_list(pairs), callbacks=[Clock()])
    trainer.train()
    history = [line for line in trainer.state.log_history if "loss" in line]
    print(json.dumps({"losses": [line["loss"] for line in history], "norms": [line["grad_norm"] for line in history], "seconds": Clock.times}))


def run(command):
    """Runs a command, and returns what it wrote and its peak memory in MiB."""
    p = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {out}")
    return out, usage.ru_maxrss / 1024


def ours(finetune, model, folder, steps, flags, name, parts=1):
    """Trains by finetune, each step in so many parts, and returns what came as theirs prints it."""
    _, memory = run([finetune, "dpo", "--model", model, "--adapter", folder / "adapter", "--data", folder / "pairs.jsonl", "--output-dir", folder / name, "--batch-size", PAIRS // parts,
                     "--gradient-accumulation-steps", parts,
                     "--max-steps", steps, "--learning-rate", RATE, "--lr-scheduler-type", "constant", "--warmup-steps", 0, "--seq-len", LENGTH, "--beta", 0.1, "--logging-steps", 1,
                     "--validation-split", 0, "--sample-tokens", 0, "--save-steps", 0, "--weight-decay", 0, "--beta2", 0.999, *flags])
    lines = [line for line in map(json.loads, open(folder / name / "metrics.jsonl")) if "loss" in line]
    return {"losses": [line["loss"] for line in lines], "norms": [line["grad_norm"] for line in lines], "seconds": [PAIRS / line["rows_per_second"] for line in lines], "memory": memory}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("finetune")
    a.add_argument("model")
    a.add_argument("--steps", type=int, default=10)
    a.add_argument("--runs", type=int, default=1)
    a.add_argument("--with", dest="flags", action="append", default=[])
    a.add_argument("--factor", type=float, default=0)
    a.add_argument("--parts", type=int, choices=[1, 2, 4], default=1)
    a.add_argument("--theirs", help=argparse.SUPPRESS)
    o = a.parse_args()
    if o.theirs:
        return theirs(o.model, pathlib.Path(o.theirs), o.steps)
    mine, trl = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {str(HERE)!r}); import dpo, pathlib; dpo.prepare({o.model!r}, pathlib.Path({str(folder)!r}))"], check=True)
        for i in range(o.runs):
            mine.append(ours(o.finetune, o.model, folder, o.steps, o.flags, f"run{i}", o.parts))
            out, memory = run([sys.executable, __file__, o.finetune, o.model, "--steps", o.steps, "--theirs", folder])
            trl.append(json.loads(out.splitlines()[-1]) | {"memory": memory})
    print("step  finetune   trl        norm      trl")
    for i in range(o.steps):
        print(f"{i + 1:4}  {mine[0]['losses'][i]:.6f}   {trl[0]['losses'][i]:.6f}   {mine[0]['norms'][i]:.4f}   {trl[0]['norms'][i]:.4f}")
    worst = max(abs(x - y) for x, y in zip(mine[0]["losses"], trl[0]["losses"], strict=True))
    share = min(r["memory"] for r in mine) / min(r["memory"] for r in trl)
    seconds = [statistics.median(t for r in runs for t in r["seconds"][1:]) for runs in (mine, trl)]
    print(f"losses of {o.steps} steps differ by at most {worst:.1e}, allowed 1e-03")
    print(f"memory: {mine[0]['memory']:.0f} MiB beside {trl[0]['memory']:.0f}, {share:.0%}, allowed 25%")
    print(f"a step: {seconds[0]:.2f} s beside {seconds[1]:.2f}, {seconds[1] / seconds[0]:.2f} times as fast" + (f", expected {o.factor}" if o.factor else ""))
    sys.exit(not (worst <= 1e-3 and share <= 0.25 and seconds[1] / seconds[0] >= o.factor))


if __name__ == "__main__":
    main()
