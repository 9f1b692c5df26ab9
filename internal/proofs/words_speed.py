#!/usr/bin/env python3
"""Words a second and peak memory beside gensim, word2vec's and GloVe's C tools, in alternating runs on two threads. Nothing else may run.

    python internal/proofs/words_speed.py FINETUNE TEXT [--word2vec BINARY] [--glove DIR] [--runs N] [--only NAME ...]

FINETUNE is the command, TEXT a file with a line for each paragraph. BINARY is word2vec's word2vec.c, built by its makefile; DIR holds GloVe's vocab_count,
cooccur, shuffle and glove. NAME is skipgram, cbow, fasttext or glove (default: all that there is something to compare with). Every program reads the same
text, in lower case and split at spaces, and all of its work is timed; of gensim, reading and splitting is left out. It exits with status 1 where a speed is missed
or our peak is the higher one.
"""
import argparse, os, re, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("finetune")
parser.add_argument("text")
parser.add_argument("--word2vec")
parser.add_argument("--glove")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--only", nargs="*", default=["skipgram", "cbow", "fasttext", "glove"])
WANTED = {"skipgram": 2, "fasttext": 1.5, "glove": 1.5}

GENSIM = """
import sys, time
from gensim.models import Word2Vec, FastText
lines = [l.split() for l in open(sys.argv[1], encoding="utf-8")]
t = time.time()
(FastText if sys.argv[2] == "fasttext" else Word2Vec)(lines, vector_size=100, window=5, min_count=5, sg=int(sys.argv[2] != "cbow"), negative=5, epochs=5, workers=2, seed=1)
print(time.time() - t)
"""


def run(command, to=subprocess.PIPE, **more):
    """Runs a command and returns its seconds, its peak memory in MB, and what it said, unless that goes to a file."""
    begin = time.time()
    p = subprocess.Popen(command, stdout=to, stderr=subprocess.DEVNULL, text=True, **more)
    said = p.stdout and p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with {status}")
    return time.time() - begin, usage.ru_maxrss / 1024, said


def ours(a, text, method, work):
    out = os.path.join(work, "ours")
    subprocess.run(["rm", "-rf", out], check=True)
    epochs = ["--epochs", "5"] if method == "glove" else []
    return run([a.finetune, "words", "train", "--data", text, "--split", "spaces", "--method", method, "--output-dir", out, "--threads", "2", *epochs])[:2]


def gensim(text, method):
    _, memory, said = run([sys.executable, "-c", GENSIM, text, method])
    return float(said), memory


def word2vec(a, text, method, work):
    return run([os.path.abspath(a.word2vec), "-train", text, "-output", os.path.join(work, "c.txt"), "-size", "100", "-window", "5", "-negative", "5", "-hs", "0", "-sample", "1e-3",
                "-threads", "2", "-iter", "5", "-min-count", "5", "-cbow", str(int(method == "cbow"))])[:2]


def glove(a, text, work):
    """Counts, shuffles and learns for five epochs."""
    tool, at = (lambda name: os.path.join(os.path.abspath(a.glove), name)), lambda name: os.path.join(work, name)
    steps = [
        (["vocab_count", "-min-count", "5", "-verbose", "0"], text, "vocab"),
        (["cooccur", "-vocab-file", at("vocab"), "-window-size", "5", "-memory", "4", "-verbose", "0", "-overflow-file", at("overflow")], text, "pairs"),
        (["shuffle", "-memory", "4", "-verbose", "0", "-temp-file", at("temporary")], at("pairs"), "shuffled"),
    ]
    seconds, memory = 0, 0
    for command, source, to in steps:
        with open(source) as i, open(at(to), "w") as o:
            s, m, _ = run([tool(command[0]), *command[1:]], stdin=i, to=o)
        seconds, memory = seconds + s, max(memory, m)
    s, m, _ = run([tool("glove"), "-input-file", at("shuffled"), "-vocab-file", at("vocab"), "-save-file", at("glove"), "-threads", "2", "-iter", "5", "-x-max", "100", "-vector-size", "100", "-verbose", "0"], cwd=work)
    return seconds + s, max(memory, m)


def main():
    a = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as work:
        text = os.path.join(work, "text.txt")
        words = 0
        with open(text, "w", encoding="utf-8") as out:
            for line in open(a.text, encoding="utf-8"):
                found = re.findall(r"\w+", line.lower())
                words += len(found)
                if found:
                    out.write(" ".join(found) + "\n")
        for method in a.only:
            peers = {}
            if method != "glove":
                peers["gensim"] = lambda: gensim(text, method)
            if method in ("skipgram", "cbow") and a.word2vec:
                peers["word2vec"] = lambda: word2vec(a, text, method, work)
            if method == "glove" and a.glove:
                peers["GloVe"] = lambda: glove(a, text, work)
            if not peers:
                continue
            figures = {"ours": [], **{name: [] for name in peers}}
            for _ in range(a.runs):
                figures["ours"].append(ours(a, text, method, work))
                for name, peer in peers.items():
                    figures[name].append(peer())
            seconds = {name: statistics.median(s for s, _ in f) for name, f in figures.items()}
            for name, f in figures.items():
                times = ", ".join(f"{s:.1f}" for s, _ in f)
                factor = "" if name == "ours" else f": ours is {seconds[name] / seconds['ours']:.2f} times as fast"
                print(f"{method}, {name}: {times} s, {5 * words / seconds[name]:,.0f} words a second, peak {max(m for _, m in f):,.0f} MB{factor}", flush=True)
                missed |= name != "ours" and seconds[name] / seconds["ours"] < WANTED.get(method, 0)
                missed |= max(m for _, m in figures["ours"]) > max(m for _, m in f)
    return missed


if __name__ == "__main__":
    sys.exit(main())
