"""Numbers at their edges: every numeric flag of every command gets 0, 1, -1, NaN, infinity, 1e-300, 1e308 and 2^63-1.

    python internal/proofs/edges.py FINETUNE [PART-OF-A-COMMAND-AND-FLAG]

A fault is a panic, an end by a signal, no end in time, NaN in what is printed, and NaN, an infinity or -1 that is accepted. What else is accepted is
listed by flag, for somebody to read: does it make sense, and was it taken for what it says? Some 4,000 runs, half an hour on two cores.
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FINETUNE = os.path.abspath(sys.argv[1])
PART = sys.argv[2] if len(sys.argv) > 2 else ""
LIMIT = 60  # seconds for a command, on a busy machine
VALUES = ["-1", "NaN", "inf", "1e308", "9223372036854775807", "1e-300", "0", "1"]
NUMBERS = re.compile(r"^\s+(?:-\w, )?--([a-z0-9-]+)=([A-Z]|SHARE|TIME|SIZE|MB|N,\S*|X,\S*)(?:,\.\.\.)?(?:\s|$)", re.M)
# What may be less than 0.
SIGNED = {"length-penalty", "margin", "max-score", "min-cosine", "min-reward", "save-reward", "reward-weights", "triplet-margin", "f-alpha-divergence-coef"}
# What goes on for as long as it was told to, or until somebody stops it.
LONG = {"max-steps", "num-train-epochs", "epochs", "steps", "iterations", "max-new-tokens", "negative", "trials", "sets", "propose", "negatives", "skip-bad-steps", "max-turns"}
SERVERS = {"serve"}

work = tempfile.mkdtemp(prefix="edges-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
os.chdir(work)
os.environ.update(HF_HUB_OFFLINE="1", COLUMNS="200")


def run(args, limit=LIMIT, stdin=""):
    """Runs a command in a session of its own, and returns its status, or None where it doesn't end, with what it printed."""
    p = subprocess.Popen([FINETUNE] + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        out, _ = p.communicate(stdin, timeout=limit)
        return p.returncode, out
    except subprocess.TimeoutExpired:
        p.kill()
        return None, p.communicate()[0]


def make(*args, stdin=""):
    status, out = run(list(args), stdin=stdin)
    assert status == 0, (args, out)


def lines(name, records):
    with open(name, "w") as f:
        for r in records:
            f.write((r if isinstance(r, str) else json.dumps(r)) + "\n")
    return name


letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. <|_>:#,'0123456789?="
text = lines("text.txt", [letters] * 2 + ["Line %d of the text: seven times %d is %d." % (i, i % 10, 7 * (i % 10)) for i in range(60)])
pairs = lines("pairs.jsonl", [{"prompt": "Line %d is" % i, "completion": " even"} for i in range(12)])
better = lines("better.jsonl", [{"prompt": "Line %d is" % i, "chosen": " even", "rejected": " odd"} for i in range(12)])
judged = lines("judged.jsonl", [{"prompt": "Line %d is" % i, "completion": " even", "label": i % 2 == 0} for i in range(12)])
asked = lines("asked.jsonl", [{"prompt": "Line %d is" % i, "answer": "even"} for i in range(12)])
sums = lines("sums.jsonl", [{"question": "2+%d=?" % i, "answer": 2 + i} for i in range(12)])
classes = lines("classes.csv", ["text,label"] + ["Line %d,%s" % (i, "ab"[i % 2]) for i in range(12)])
sources = lines("sources.tsv", ["source\ttarget"] + ["Line %d\tof" % i for i in range(12)])
anchors = lines("anchors.jsonl", [{"anchor": "where is %s" % w, "positive": "the %s lies there" % w} for w in "sun moon star sea sand bread milk".split()])
labelled = lines("labelled.txt", ["__label__sky the sun and the moon", "__label__food bread and butter"] * 10)
words = lines("words.txt", ["the sun and the moon and the stars", "bread and butter and milk"] * 20)
likes = lines("likes.tsv", ["sun\tmoon\t9", "sun\tbread\t1", "milk\tbread\t8"])
documents = lines("documents.jsonl", [{"id": "page %d" % i, "text": "The letter %d was kept in a drawer. Nobody has read it." % i} for i in range(12)])
questions = lines("questions.jsonl", [{"question": "letter %d" % i, "sources": ["page %d" % i]} for i in range(3)])
lines("quiz.jsonl", [{"q": "a", "right": "b"}, {"q": "d", "right": "b"}] * 6)
quiz = lines("quiz.yaml", ["data: quiz.jsonl", "question: '{{.q}}'", "choices: [b, c]", "answer: right", "delimiter: ' '"])
template = lines("t.jinja", ["{# <tool_call> #}{% for m in messages %}{{ m.role[0] }}:{{ m.content }}~{% endfor %}{% if add_generation_prompt %}a:{% endif %}"])

tiny = ["--n-layer=1", "--n-head=2", "--n-embd=16", "--batch-size=2", "--max-steps=1", "--warmup-steps=0", "--validation-split=0", "--tokenizer=char", "--sample-tokens=0"]
make("pretrain", "--data", text, "--output-dir", "run", "--seq-len=128", "--arch=llama", *tiny)
make("pretrain", "--data", text, "--output-dir", "bert", "--seq-len=48", "--objective=masked", *tiny)
make("pretrain", "--data", sources, "--output-dir", "t5", "--seq-len=30", "--objective=seq2seq", *tiny)
step = ["--max-steps=1", "--warmup-steps=0", "--sample-tokens=0", "--batch-size=2"]
make("sft", "--model", "bert", "--data", classes, "--output-dir", "classifier", "--objective=classification", *step)
make("sft", "--model", "run", "--data", better, "--output-dir", "judge", "--objective=reward", *step)
make("words", "train", "--data", words, "--output-dir", "vectors", "--dim=8", "--min-count=1", "--epochs=1")
make("words", "supervised", "--data", labelled, "--output-dir", "topics", "--dim=8", "--epochs=1")
make("search", "index", "--data", documents, "--index", "index", "--model", "bert", "--max-tokens=40")

train = step + ["--output-dir", "OUT"]
COMMANDS = {
    "pretrain": ["--data", text, "--seq-len=16", *tiny[:3], "--tokenizer=char", *train],
    "sft": ["--model=run", "--data", pairs, "--seq-len=32", "--lora-r=2", *train],
    "dpo": ["--model=run", "--data", better, "--seq-len=32", *train],
    "orpo": ["--model=run", "--data", better, "--seq-len=32", *train],
    "cpo": ["--model=run", "--data", better, "--seq-len=32", *train],
    "simpo": ["--model=run", "--data", better, "--seq-len=32", *train],
    "kto": ["--model=run", "--data", judged, "--seq-len=32", *train],
    "grpo": ["--model=run", "--data", asked, "--reward=exact", "--max-completion-length=4", "--num-generations=2", "--seq-len=64", *train],
    "grpo (environment)": ["--model=run", "--data", sums, "--environment=arithmetic", "--chat-template", template, "--max-completion-length=8", "--num-generations=2", "--seq-len=100", *train],
    "sft (teacher)": ["--model=run", "--data", pairs, "--seq-len=32", "--teacher=run", "--lmbda=1", "--max-new-tokens=2", *train],
    "sft (reward)": ["--model=run", "--data", better, "--seq-len=64", "--objective=reward", *train],
    "sft (pairs)": ["--model=t5", "--data", sources, "--seq-len=16", *train],
    "embed train": ["--model=bert", "--data", anchors, "--seq-len=32", *train],
    "plan": ["--ranks=2", "pretrain", "--data", text, "--seq-len=16", *tiny],
    "lr-find": ["--steps=10", "--output=OUT.svg", "pretrain", "--data", text, "--seq-len=16", *tiny],
    "resume": ["COPY"],
    "eval": ["--model=run", "--data", pairs],
    "classify": ["--model=classifier", "--text=Line 1"],
    "generate": ["--model=run", "--prompt=Line", "--max-new-tokens=3"],
    "generate (beams)": ["--model=run", "--prompt=Line", "--max-new-tokens=3", "--num-beams=2"],
    "generate (best)": ["--model=run", "--prompt=Line", "--max-new-tokens=3", "--best-of=2", "--reward-model=judge"],
    "chat": ["--model=run", "--chat-template", template, "--max-new-tokens=3"],
    "agent": ["--model=run", "--chat-template", template, "--max-new-tokens=3", "--max-turns=2", "--tool=calculator", "What is 2+2?"],
    "agent (save)": ["--model=run", "--chat-template", template, "--max-new-tokens=3", "--max-turns=2", "--tool=calculator", "--reward=numeric", "--save=OUT", "--questions", sums],
    "serve": ["--model=run", "--chat-template", template, "--listen=127.0.0.1:0"],
    "prompt optimize": ["--model=run", "--task", quiz, "--output-dir", "OUT", "--propose=0", "--shots=1", "--sets=1", "--trials=1", "--trial-size=2", "--finalists=1"],
    "data inspect": ["--model=run", "--data", pairs],
    "data prepare": ["--data", pairs, "--output-dir", "OUT"],
    "data prepare (teacher)": ["--data", pairs, "--output-dir", "OUT", "--teacher=run", "--seq-len=32", "--top-k=4"],
    "data generate": ["--data", asked, "--model=run", "--max-new-tokens=3", "--output", "OUT.jsonl", "--keep-truncated"],
    "data generate (vote)": ["--data", asked, "--model=run", "--max-new-tokens=3", "--output", "OUT.jsonl", "--keep-truncated", "--vote=text", "--num-samples=2", "--reward=exact"],
    "tokenizer train": ["--data", text, "--output-dir", "OUT", "--vocab-size=300"],
    "tokenizer train (unigram)": ["--data", text, "--output-dir", "OUT", "--vocab-size=100", "--model=unigram"],
    "tokenizer encode": ["--tokenizer=run", "--data", text],
    "bench": ["--preset=char", "--steps=1", "--batch-size=1", "--seq-len=8"],
    "words train": ["--data", words, "--output-dir", "OUT", "--dim=8", "--min-count=1", "--epochs=1"],
    "words train (glove)": ["--data", words, "--output-dir", "OUT", "--dim=8", "--min-count=1", "--epochs=1", "--method=glove"],
    "words train (svd)": ["--data", words, "--output-dir", "OUT", "--dim=4", "--min-count=1", "--method=svd"],
    "words train (fasttext)": ["--data", words, "--output-dir", "OUT", "--dim=4", "--min-count=1", "--epochs=1", "--method=fasttext", "--bucket=100"],
    "words train (phrases)": ["--data", words, "--output-dir", "OUT", "--dim=4", "--min-count=1", "--epochs=1", "--phrases=1"],
    "words supervised": ["--data", labelled, "--output-dir", "OUT", "--dim=8", "--epochs=1", "--bucket=100"],
    "words supervised (ns)": ["--data", labelled, "--output-dir", "OUT", "--dim=8", "--epochs=1", "--loss=ns", "--bucket=100"],
    "words predict": ["--model=topics", "the sun"],
    "words test": ["--model=topics", "--data", labelled],
    "words neighbors": ["--model=vectors", "sun"],
    "words analogy": ["--model=vectors", "sun", "moon", "bread"],
    "words eval": ["--model=vectors", "--similarity", likes],
    "words map": ["--model=vectors", "--output=OUT.svg"],
    "embed encode": ["--model=bert", "--text=the sun"],
    "embed static": ["--model=bert", "--output-dir", "OUT", "--dim=8"],
    "embed eval": ["--model=bert", "--data", anchors],
    "embed mine": ["--model=bert", "--data", anchors],
    "search index": ["--data", documents, "--index", "OUT", "--model=bert", "--max-tokens=40"],
    "search query": ["--index=index", "a letter"],
    "search eval": ["--index=index", "--data", questions],
    "ask": ["--index=index", "--model=run", "--chat-template", template, "--max-new-tokens=1", "--top=1", "letter"],
    "export": ["--model=run", "--format=hf", "--output=OUT"],
    "show tokens": ["--model=run", "Line 1"],
    "show lens": ["--model=run", "Line 1"],
    "show attention": ["--model=run", "Line 1"],
    "show attribution": ["--model=run", "Line 1", "--steps=2"],
    "show map": ["--model=run", "Line 1 of the text"],
    "show map (tsne)": ["--model=run", "Line 1 of the text", "--method=tsne", "--iterations=10"],
    "show landscape": ["--model=run", "--data", pairs, "--points=3", "--rows=2"],
}
# Commands that train have most flags in common: those are tried with pretrain and sft.
TRAIN = ["dpo", "orpo", "cpo", "simpo", "kto", "grpo", "grpo (environment)", "sft (teacher)", "sft (reward)", "sft (pairs)", "embed train"]


def flags(command):
    """Numeric flags, with their placeholders, of a command."""
    _, out = run(command.split(" (")[0].split() + ["--help"])
    return dict(NUMBERS.findall(out))


def jobs():
    first = flags("pretrain") | flags("sft")
    teacher = {"beta", "teacher-temperature", "lmbda", "max-new-tokens", "temperature"}
    for name in COMMANDS:
        have = flags(name)
        if name in TRAIN:
            own = {"sft (teacher)": teacher, "sft (reward)": {"center-rewards-coefficient"}, "sft (pairs)": {"max-source-length", "seq-len"}}.get(name)
            have = {f: p for f, p in have.items() if (f in own if own else f not in first or f == "beta")}
        for flag, placeholder in have.items():
            for value in VALUES:
                yield name, flag, value + ("s" if placeholder == "TIME" else "")


def one(number, job):
    name, flag, value = job
    out = f"out{number}"
    args = [a for a in COMMANDS[name] if not a.startswith(f"--{flag}=")]
    if flag == "num-train-epochs":
        args = [a for a in args if not a.startswith("--max-steps=")]
    if "COPY" in args:
        shutil.copytree("run", out)
        args = [out if a == "COPY" else a for a in args]
    args = name.split(" (")[0].split() + [a.replace("OUT", out) for a in args] + [f"--{flag}={value}"]
    if name in ("plan", "lr-find"):  # the flag is theirs, not that of the command behind them
        args = args[:1] + args[-1:] + args[1:-1]
    endless = name in SERVERS or flag in LONG and value in VALUES[3:5]
    begin = time.time()
    status, said = run(args, 3 if endless else LIMIT, "Line\n")
    took = time.time() - begin
    faults = []
    if "panic:" in said or "goroutine " in said or "fatal error" in said or status is not None and status < 0:
        faults.append("crashed")
    if status is None and not endless:
        faults.append("doesn't end")
    accepted = status == 0 or status is None and endless
    for path in (f"{out}/metrics.jsonl",):
        if accepted and os.path.exists(path):
            said += open(path).read()
    if accepted:
        bare = said.replace(f"--{flag}", "").replace(value, "")
        if re.search(r"\bNaN\b", bare):
            faults.append("prints NaN")
        if value in ("NaN", "inf", "NaNs", "infs") or value in ("-1", "-1s") and flag not in SIGNED:
            faults.append("accepted")
    for path in (out, out + ".svg", out + ".jsonl", out + ".jsonl.answers.jsonl", out + "-tokens", out + "-teacher.bin", out + "-report.json"):
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.remove(path)
    last = ([line for line in said.strip().splitlines() if line] or [""])[-1]
    return name, flag, value, accepted, faults, last, took


def main():
    all_jobs = [j for j in jobs() if PART in f"{j[0]} --{j[1]}"]
    print(f"{len(all_jobs)} runs")
    wrong, took, accepted = 0, 0.0, {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, flag, value, yes, faults, last, seconds in pool.map(one, range(len(all_jobs)), all_jobs):
            took += seconds
            if faults:
                wrong += 1
                print(f"FAULT {name} --{flag}={value}: {', '.join(faults)}: {last[:300]}", flush=True)
            elif PART:
                print(f"{'accepted' if yes else 'refused '} {name} --{flag}={value}: {last[:200]}", flush=True)
            if yes:
                accepted.setdefault((flag, name), []).append({"9223372036854775807": "2^63-1"}.get(value, value))
    for (flag, name), values in sorted(accepted.items()):
        print(f"--{flag} of {name}: {' '.join(values)}")
    print(f"{len(all_jobs)} runs, {sum(map(len, accepted.values()))} accepted, {wrong} faults, {took:.0f} s of both")
    return wrong > 0


try:
    failed = main()
finally:
    os.chdir("/")
    shutil.rmtree(work)
sys.exit(failed)
