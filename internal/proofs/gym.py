#!/usr/bin/env python3
"""GRPO on two tasks of reasoning-gym, with the figures as they come: right answers of 200 held-out problems before and after, by reasoning-gym's own score and
by our checker, which must agree on every answer.

    python internal/proofs/gym.py FINETUNE DIR [--seed N] [--tasks chain_sum,letter_counting] [--threads N]

For each task a small model is pretrained and tuned on solved problems, and then learns from others by the rewards of its own answers. DIR keeps the data and
the runs. It needs reasoning-gym (0.1.25 was used).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

import reasoning_gym

PROBLEMS, HELD = 2000, 200
COMPLETION = 6  # tokens of an answer at most
# Of a task: settings of its problems, our checker, how many are solved for the model, how texts are taken apart (a digit is a token, and where letters are counted
# a letter), the model, and the steps of pretrain, sft and grpo.
TASKS = {
    "chain_sum": dict(
        settings=dict(min_terms=2, max_terms=2, min_digits=2, max_digits=2), checker="numeric", solved=4000, tokens=("--split", "qwen2", "--vocab-size", 300),
        model=("--n-layer", 4, "--n-head", 4, "--n-embd", 160), steps=(400, 200, 500),
    ),
    "letter_counting": dict(
        settings=dict(min_words=2, max_words=3), checker="exact", solved=4000, tokens=("--model", "char"),
        model=("--n-layer", 3, "--n-head", 4, "--n-embd", 96), steps=(300, 200, 500),
    ),
}


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


class Task:
    """The problems of a task, and the commands that work on them."""

    def __init__(self, o, name):
        self.o, self.name, self.folder = o, name, o.dir / f"{name}-{o.seed}"
        self.of = TASKS[name]
        self.folder.mkdir(parents=True, exist_ok=True)
        count = self.of["solved"] + PROBLEMS + HELD
        self.data = reasoning_gym.create_dataset(name, size=3 * count, seed=o.seed, **self.of["settings"])
        entries = list({entry["question"]: entry for entry in self.data}.values())[:count]
        if len(entries) < count:
            sys.exit(f"{name}: {len(entries)} different problems, expected {count}")
        held, problems, solved = entries[:HELD], entries[HELD : HELD + PROBLEMS], entries[HELD + PROBLEMS :]
        ask = lambda entry: entry["question"] + "\n"
        write(self.folder / "solved.jsonl", [{"prompt": ask(e), "completion": e["answer"]} for e in solved])
        for part, all in (("problems", problems), ("held", held)):
            write(self.folder / f"{part}.jsonl", [{"prompt": ask(e), "answer": e["answer"]} for e in all])
        self.by_prompt, self.longest = {ask(e): e for e in held}, max(len(ask(e)) for e in entries) + COMPLETION
        print(f"{name}: {len(solved)} problems solved, {len(problems)} to learn from, {len(held)} held out, such as {held[0]['question']!r}", flush=True)

    def run(self, *args):
        begun = time.monotonic()
        subprocess.run([self.o.finetune, *map(str, args)], check=True, stdout=subprocess.DEVNULL)
        print(f"{self.name}: {args[0]}, {time.monotonic() - begun:.0f} s", flush=True)

    def right(self, model):
        """Prints how many held-out problems a model solves by the best token each time, and returns whether both judge all answers alike."""
        path = self.folder / f"answers-of-{model}.jsonl"
        for old in self.folder.glob(path.name + "*"):
            old.unlink()
        self.run("data", "generate", "--model", self.folder / model, "--data", self.folder / "held.jsonl", "--output", path, "--temperature", 0, "--max-new-tokens", COMPLETION,
                 "--reward", self.of["checker"], "--min-reward", 0, "--keep-truncated", "--keep-repeated", "--rows", 32, "--threads", self.o.threads)
        theirs, ours, alike = 0, 0, True
        for line in map(json.loads, path.open()):
            score = self.data.score_answer(line["completion"].strip(), self.by_prompt[line["prompt"]]) == 1
            reward = line["provenance"]["reward"] == 1
            theirs, ours, alike = theirs + score, ours + reward, alike and score == reward
        print(f"{self.name}, seed {self.o.seed}, {model}: {theirs} of {HELD} right, {ours} by the checker {self.of['checker']}", flush=True)
        return alike

    def learn(self):
        """Makes the models, and returns whether both judge all of their answers alike."""
        o, tokenizer, of = self.o, self.folder / "tokenizer", self.folder
        base, tuned, better = of / "base", of / "tuned", of / "better"
        steps = self.of["steps"]
        common = ("--sample-tokens", 0, "--seed", o.seed, "--seq-len", self.longest, "--threads", o.threads)
        learning = ("--data", of / "solved.jsonl", "--batch-size", 32, "--learning-rate", "1e-3", *common)
        if not tokenizer.exists():
            self.run("tokenizer", "train", "--data", of / "solved.jsonl", *self.of["tokens"], "--output-dir", tokenizer)
        if not base.exists():
            self.run("pretrain", "--arch", "llama", "--tokenizer", tokenizer, *self.of["model"], "--max-steps", steps[0], "--output-dir", base, *learning)
        if not tuned.exists():
            self.run("sft", "--model", base, "--max-steps", steps[1], "--output-dir", tuned, *learning)
        alike = self.right("tuned")
        if not better.exists():
            self.run("grpo", "--model", tuned, "--data", of / "problems.jsonl", "--validation-data", of / "held.jsonl", "--reward", self.of["checker"],
                     "--max-completion-length", COMPLETION, "--batch-size", 64, "--num-generations", 8, "--max-steps", steps[2], "--eval-steps", steps[2] // 10,
                     "--learning-rate", "1e-4", "--warmup-steps", 50, "--output-dir", better, *common)
        curve = [(line["step"], line["eval_reward"]) for line in map(json.loads, (better / "metrics.jsonl").open()) if "eval_reward" in line]
        print(f"{self.name}, right after steps of grpo: " + ", ".join(f"{step}: {100 * reward:.1f}%" for step, reward in curve), flush=True)
        return self.right("better") and alike


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("finetune")
    a.add_argument("dir", type=pathlib.Path)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--tasks", default=",".join(TASKS))
    a.add_argument("--threads", type=int, default=0)
    o = a.parse_args()
    sys.exit(not all([Task(o, name).learn() for name in o.tasks.split(",")]))


main()
