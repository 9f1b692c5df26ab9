#!/usr/bin/env python3
"""Writes gym.json: 1,000 answers to problems of each of two tasks of reasoning-gym, and whether it takes each for right (a score of 1). Answers are bare, as
its extract_answer leaves them: right ones, wrong ones, and right ones in other forms. Made with reasoning-gym 0.1.25:

    python gym.py > gym.json
"""
import json
import random

import reasoning_gym


def forms(task, right, r):
    n = int(right)
    other = [str(n + r.choice([-10, -1, 1, 2, 100])), str(-n), right + "0", ""]
    if task == "chain_sum":
        other += [f"{n:,}", f"{n}.00", f"{n}.5", f"{n:+d}"]
    return right if r.random() < 0.4 else r.choice(other)


def main():
    r, cases = random.Random(1), []
    for task in ["chain_sum", "letter_counting"]:
        data = reasoning_gym.create_dataset(task, size=1000, seed=7)
        for entry in data:
            said = forms(task, entry["answer"], r)
            cases.append([task, said, entry["answer"], int(data.score_answer(said, entry) == 1.0)])
    print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")


main()
