#!/usr/bin/env python3
"""Shows that `finetune eval --task` comes to the answers of lm-evaluation-harness, on 100 questions with choices and 100 whose answers are written.

    python internal/proofs/lm_harness.py MODEL [--finetune PATH] [--keep DIR]

The questions are made here: of choices, which word is of a kind, which is the opposite, what follows; of written answers, capitals, sums and
opposites. MODEL is a directory that both read, or a GGUF file, such as SmolLM2's, which finetune reads itself and the harness as `finetune export --format hf` writes it.
Compared are the log-likelihoods of all choices, the choice taken by them and by them for each character, and each written answer. Needs lm-eval,
transformers and Go.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KINDS = {
    "animal": "dog horse cow sheep lion tiger rabbit fox bear wolf".split(),
    "fruit": "apple banana cherry grape lemon mango orange peach pear plum".split(),
    "colour": "red blue green yellow purple brown black white pink grey".split(),
    "vehicle": "car truck bus train bicycle tram ferry plane van boat".split(),
    "tool": "hammer saw drill wrench screwdriver chisel pliers file axe shovel".split(),
}
OPPOSITES = "hot cold,big small,fast slow,up down,happy sad,old young,rich poor,light dark,open closed,wet dry,hard soft,long short,early late,full empty,loud quiet,near far,strong weak,thick thin,high low,clean dirty"
CAPITALS = "France Paris,Italy Rome,Spain Madrid,Germany Berlin,Japan Tokyo,China Beijing,Russia Moscow,Egypt Cairo,Greece Athens,Austria Vienna,Poland Warsaw,Portugal Lisbon,Ireland Dublin,Norway Oslo," \
    "Sweden Stockholm,Finland Helsinki,Denmark Copenhagen,Hungary Budapest,Cuba Havana,Peru Lima,Chile Santiago,Kenya Nairobi,Turkey Ankara,Iran Tehran,Iraq Baghdad,India Delhi,Thailand Bangkok,Vietnam Hanoi," \
    "Belgium Brussels,Canada Ottawa"


def pairs(text):
    return [pair.split(" ") for pair in text.split(",")]


def choices(rng):
    """Returns 100 questions with four choices."""
    rows = []
    for number in range(100):
        way = number % 3
        if way == 0:
            kind = rng.choice(sorted(KINDS))
            right = rng.choice(KINDS[kind])
            others = [rng.choice(KINDS[other]) for other in rng.sample(sorted(set(KINDS) - {kind}), 3)]
            question = f"Which of these is {'an' if kind[0] in 'aeiou' else 'a'} {kind}?"
        elif way == 1:
            first, right = rng.choice(pairs(OPPOSITES))
            others = rng.sample([b for a, b in pairs(OPPOSITES) if b != right], 3)
            question = f"What is the opposite of {first}?"
        else:
            start, step = rng.randrange(2, 30), rng.randrange(1, 9)
            right = str(start + 3 * step)
            others = [str(start + 3 * step + off) for off in rng.sample([-3, -2, -1, 1, 2, 10], 3)]
            question = f"Which number follows {start}, {start + step}, {start + 2 * step}?"
        options = others + [right + (" indeed" if way == 1 and number % 2 else "")]
        rng.shuffle(options)
        rows.append({"question": question, "options": options, "right": next(i for i, o in enumerate(options) if o.startswith(right) and o not in others)})
    return rows


def written(rng):
    """Returns 100 questions whose answer is a word or a number."""
    rows = [{"question": f"What is the capital of {land}?", "answer": city} for land, city in pairs(CAPITALS)]
    rows += [{"question": f"What is the opposite of {a}?", "answer": b} for a, b in pairs(OPPOSITES)]
    while len(rows) < 100:
        a, b = rng.randrange(1, 60), rng.randrange(1, 60)
        rows.append({"question": f"What is {a} plus {b}?", "answer": str(a + b)})
    rng.shuffle(rows)
    return rows


QUESTION = "Question: {{question}}\nAnswer:"


def harness(work, model):
    """Returns what lm-evaluation-harness finds, sample by sample."""
    os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HOME"] = str(work / "cache")
    import lm_eval
    import torch
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    def task(name, **more):
        return {"task": name, "dataset_path": "json", "dataset_kwargs": {"data_files": str(work / f"{name}.jsonl")}, "test_split": "train", "doc_to_text": QUESTION, **more}

    tasks = [
        task("choices", output_type="multiple_choice", doc_to_choice="{{options}}", doc_to_target="{{right}}", metric_list=[{"metric": "acc"}, {"metric": "acc_norm"}]),
        task("written", output_type="generate_until", doc_to_target="{{answer}}", generation_kwargs={"until": ["\n"], "max_gen_toks": 8, "do_sample": False}, metric_list=[{"metric": "exact_match"}]),
    ]
    lm = HFLM(pretrained=str(model), dtype=torch.float32, device="cpu", batch_size=8)
    found = lm_eval.simple_evaluate(model=lm, tasks=tasks, bootstrap_iters=0, log_samples=True, task_manager=TaskManager(include_defaults=False))
    return {name: sorted(samples, key=lambda s: s["doc_id"]) for name, samples in found["samples"].items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--finetune")
    parser.add_argument("--keep")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(options.keep or folder).resolve()
        work.mkdir(exist_ok=True)
        finetune = options.finetune
        if not finetune:
            finetune = str(work / "finetune")
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        rng = random.Random(11)
        for name, rows in (("choices", choices(rng)), ("written", written(rng))):
            (work / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        ours = QUESTION.replace("{{", "{{.").replace("\n", "\\n")
        (work / "choices.yaml").write_text(f'data: choices.jsonl\nquestion: "{ours}"\nchoices: options\nanswer: right\n')
        (work / "written.yaml").write_text(f'data: written.jsonl\nquestion: "{ours}"\nanswer: answer\nmetrics: [exact_match]\nmax_new_tokens: 8\n')
        model = pathlib.Path(options.model).resolve()
        if not model.is_dir() and not (model := work / "model").exists():
            subprocess.run([finetune, "export", "--model", options.model, "--format", "hf", "--output", model], check=True)
        command = [finetune, "eval", "--model", options.model, "--task", work / "choices.yaml", "--task", work / "written.yaml", "--answers", work / "answers.jsonl"]
        subprocess.run(command, check=True)
        answers = [json.loads(line) for line in (work / "answers.jsonl").read_text().splitlines()]
        theirs = harness(work, model)
    mine = {name: [a for a in answers if pathlib.Path(a["task"]).stem == name] for name in theirs}
    differ, worst = [], 0.0
    for a, b in zip(mine["choices"], theirs["choices"], strict=True):
        scores = [float(resp[0][0]) for resp in b["resps"]]
        worst = max([worst] + [abs(x - y) for x, y in zip(a["scores"], scores, strict=True)])
        best = max(range(len(scores)), key=scores.__getitem__)
        if a["answer"] != a["choices"][best] or a["metrics"]["acc"] != b["acc"] or a["metrics"]["acc_norm"] != b["acc_norm"]:
            differ.append((a["context"], a["answer"], a["scores"], scores, b["acc"], b["acc_norm"]))
    for a, b in zip(mine["written"], theirs["written"], strict=True):
        text = b["resps"][0][0]
        if a["answer"].strip() != text.strip():
            differ.append((a["context"], a["answer"], text))
    right = [sum(b[key] for b in theirs["choices"]) for key in ("acc", "acc_norm")]
    exact = sum(a["metrics"]["exact_match"] for a in mine["written"])
    print(f"{len(answers) - len(differ)} of {len(answers)} answers are the same; log-likelihoods differ by {worst:.2g} at most; right are {right[0]:.0f} by acc, {right[1]:.0f} by acc_norm, {exact:.0f} written ones to the letter")
    for d in differ:
        print(" ", *d, sep="\n    ")
    if differ or len(answers) != 200:
        sys.exit("expected the same 200 answers")


if __name__ == "__main__":
    main()
