#!/usr/bin/env python3
"""Compares trained tokenizers with those of Hugging Face's tokenizers and of SentencePiece, on speeches and Chinese poems.

    internal/proofs/tokenizer_data.sh DIR
    python internal/proofs/tokenizer_training.py DIR [--only bpe wordpiece unigram]

bpe        byte-level BPE at 8,000 and 32,000 tokens: the same tokens with the same ids, and the same merges in the same order. Both are given the
           corpus as one text, as finetune takes a file, and line by line, as tokenizers takes one (which has no words of several line ends then).
           At 8,000 as one text also with the patterns of cl100k and Qwen 2.
wordpiece  at 8,000 and 32,000 tokens. tokenizers gives its ##-characters ids in the order in which it walks a hash map, anew in every run, and
           of two pairs that occur equally often the one with the smaller ids is merged first: which tokens make it into the vocabulary
           is left to chance where counts tie. So two things are shown: how far runs of tokenizers differ from each other and from ours; and that
           tokenizers makes the very vocabulary of ours, in order, once its ##-characters have the ids that they have in ours (they are
           given as special tokens, which come first).
unigram    at 8,000 tokens, beside SentencePiece: the log-likelihood of the corpus under either model (the sum over all ways to split each word),
           at least as good, and the tokens that it takes, at most 1% more.

It exits with status 1 where one of that fails. It needs tokenizers and sentencepiece.
"""

import argparse
import collections
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

import tokenizer_data as data
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

END = "<|endoftext|>"
QWEN2 = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
PATTERNS = {"gpt2": None, "cl100k": QWEN2.replace(r"\p{N}|", r"\p{N}{1,3}|"), "qwen2": QWEN2}


def ours(binary, corpus, scratch, *flags):
    """Trains with finetune and returns the model of the tokenizer.json that it wrote, and the folder."""
    folder = tempfile.mkdtemp(dir=scratch)
    subprocess.run([binary, "tokenizer", "train", "--data", corpus, "--output-dir", folder, *flags], stdout=subprocess.DEVNULL, check=True)
    return json.loads(pathlib.Path(folder, "tokenizer.json").read_text("utf-8"))["model"], folder


def bpe(binary, corpus, scratch, size):
    ok = True
    with open(corpus, encoding="utf-8", newline="") as f:
        lines = list(f)
    jobs = [("gpt2", "as one text", ["".join(lines)]), ("gpt2", "line by line", lines)]
    if size == 8000:
        jobs += [(split, "as one text", ["".join(lines)]) for split in ("cl100k", "qwen2")]
    for split, how, texts in jobs:
        t = Tokenizer(models.BPE())
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        if PATTERNS[split]:
            pattern = pre_tokenizers.Split(Regex(PATTERNS[split]), "isolated")
            t.pre_tokenizer = pre_tokenizers.Sequence([pattern, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        if split == "qwen2":
            t.normalizer = normalizers.NFC()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        t.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=size, show_progress=False, special_tokens=[END], initial_alphabet=alphabet))
        theirs = json.loads(t.to_str())["model"]
        given = corpus
        if len(texts) > 1:
            given = pathlib.Path(scratch, "lines.jsonl")
            given.write_text("".join(json.dumps({"text": line}) + "\n" for line in texts), "utf-8")
        got, _ = ours(binary, given, scratch, "--vocab-size", str(size), "--split", split)
        tokens, merges = got["vocab"] == theirs["vocab"], got["merges"] == theirs["merges"]
        print(f"bpe {size} by {split} on {corpus.name}, {how}: {len(got['vocab'])} tokens, {'the same' if tokens else 'DIFFERENT'}; "
              f"{len(got['merges'])} merges, {'the same in the same order' if merges else 'DIFFERENT'}")
        ok = ok and tokens and merges
    return ok


def train_wordpiece(corpus, size, special):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer, t.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    t.train([str(corpus)], trainers.WordPieceTrainer(vocab_size=size, show_progress=False, special_tokens=special))
    return t.get_vocab()


def wordpiece(binary, corpus, scratch, size):
    vocab = ours(binary, corpus, scratch, "--vocab-size", str(size), "--model", "wordpiece")[0]["vocab"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    runs = [set(train_wordpiece(corpus, size, special)) for _ in range(3)]
    each_other = [len(a - b) for i, a in enumerate(runs) for b in runs[:i]]
    from_ours = [len(r - set(vocab)) for r in runs]
    # All symbols of ours, in the order of their ids: the tokens that no merge makes.
    symbols = [s for s, _ in sorted(vocab.items(), key=lambda p: p[1])[len(special) :] if len(s.removeprefix("##")) == 1]
    fixed = train_wordpiece(corpus, size, special + symbols)
    same = fixed == vocab
    print(f"wordpiece {size} on {corpus.name}: {len(vocab)} tokens; runs of tokenizers differ from each other in {each_other} tokens, from ours in {from_ours}; "
          f"with our ids of ##-characters its vocabulary is {'ours, id by id' if same else f'DIFFERENT in {len(set(fixed) - set(vocab))} tokens'}")
    return same


def words_of(corpus):
    """How often each word occurs, with the mark that begins it, as both trainers normalize it."""
    text = unicodedata.normalize("NFKC", corpus.read_text("utf-8"))
    return collections.Counter("▁" + w for w in text.split())


def log_likelihood(pieces, words):
    """The sum of the logarithms of the words' probabilities, and of the lengths of their likeliest splits."""
    longest = max(map(len, pieces))
    least = min(pieces.values()) - 10
    total, tokens = 0.0, 0
    for word, count in words.items():
        n = len(word)
        ways, best, length = [-math.inf] * (n + 1), [-math.inf] * (n + 1), [0] * (n + 1)
        ways[0] = best[0] = 0.0
        for end in range(1, n + 1):
            terms = []
            for begin in range(max(0, end - longest), end):
                score = pieces.get(word[begin:end])
                if score is None:
                    if end - begin > 1:
                        continue
                    score = least
                terms.append(ways[begin] + score)
                if best[begin] + score > best[end]:
                    best[end], length[end] = best[begin] + score, length[begin] + 1
            top = max(terms)
            ways[end] = top + math.log(sum(math.exp(t - top) for t in terms))
        total += count * ways[n]
        tokens += count * length[n]
    return total, tokens


def unigram(binary, corpus, scratch, size):
    import sentencepiece

    prefix = str(pathlib.Path(scratch, "sentencepiece"))
    sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=prefix, vocab_size=size, model_type="unigram", num_threads=2, minloglevel=2, max_sentence_length=1 << 20)
    p = sentencepiece.SentencePieceProcessor(model_file=prefix + ".model")
    theirs = {p.id_to_piece(i): p.get_score(i) for i in range(3, len(p))}
    got, folder = ours(binary, corpus, scratch, "--vocab-size", str(size), "--model", "unigram", "--special-tokens", "<unk>,<s>,</s>")
    words = words_of(corpus)
    (a, m), (b, n) = log_likelihood(dict(map(tuple, got["vocab"][3:])), words), log_likelihood(theirs, words)
    print(f"unigram {size} on {corpus.name}: {len(got['vocab'])} and {len(p)} tokens; log-likelihood ours {a:.6g}, SentencePiece's {b:.6g} ({100 * (a / b - 1):+.2f}%, less is better); "
          f"tokens of the corpus ours {m:,}, SentencePiece's {n:,} ({100 * (m / n - 1):+.2f}%)")
    return a >= b and m <= 1.01 * n


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", type=pathlib.Path, help="the folder that tokenizer_data.sh filled")
    a.add_argument("--only", nargs="*", default=["bpe", "wordpiece", "unigram"])
    o = a.parse_args()
    binary, keep = data.build()
    ok = True
    with tempfile.TemporaryDirectory() as scratch:
        for name in o.only:
            for corpus in (o.data / "speeches.txt", o.data / "poems.txt"):
                for size in (8000,) if name == "unigram" else (8000, 32000):
                    ok = {"bpe": bpe, "wordpiece": wordpiece, "unigram": unigram}[name](str(binary), corpus, scratch, size) and ok
                    sys.stdout.flush()
    keep.cleanup()
    sys.exit(not ok)


if __name__ == "__main__":
    main()
