#!/usr/bin/env python3
"""Fifty questions on the King James Bible: how often a passage with a verse that answers is among the first five, and that every answer cites what it used.

    python internal/proofs/bible.py FINETUNE MODEL VERSES [--generator MODEL] [--questions N] [--index DIR] [--file FILE] [--max-tokens N] [--overlap N] [-- FLAG ...]

FINETUNE is the command, MODEL a directory of sentence-transformers such as that of all-MiniLM-L6-v2, VERSES what Debian's bible-kjv prints: a verse a line,
"Ge1:1 In the beginning …". Chapters are indexed as documents whose verses are paragraphs. With --generator "finetune ask" then answers the first N questions by that
model, such as SmolLM2's GGUF file. The questions and their verses are in bible_questions.jsonl; --file takes others, such as those of bible_development.jsonl, by which
settings were chosen. FLAGs are those of a search, such as --rerank. Needs Python alone; it exits with status 1 where fewer than 80% are found or an answer cites nothing.
"""
import argparse, json, os, re, subprocess, sys, tempfile

parser = argparse.ArgumentParser()
parser.add_argument("finetune")
parser.add_argument("model")
parser.add_argument("verses")
parser.add_argument("--generator")
parser.add_argument("--questions", type=int, default=50)
parser.add_argument("--index")
parser.add_argument("--file", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "bible_questions.jsonl"))
parser.add_argument("--max-tokens", default="128")
parser.add_argument("--overlap", default="48")
parser.add_argument("flags", nargs="*")
WANTED = 0.8


def main():
    a = parser.parse_args()
    finetune = lambda *args: subprocess.run([os.path.abspath(a.finetune), *args], check=True, stdout=subprocess.PIPE, text=True).stdout
    verses, chapters = {}, {}
    for line in open(a.verses, encoding="latin1"):
        if m := re.match(r"(\d?[A-Z][A-Za-z]*)(\d+):(\d+) (.*)", line):
            verses[f"{m[1]} {m[2]}:{m[3]}"] = m[4].strip()
            chapters.setdefault(f"{m[1]} {m[2]}", []).append(m[4].strip())
    questions = [json.loads(line) for line in open(a.file)]
    with tempfile.TemporaryDirectory() as d:
        documents, asked, index = os.path.join(d, "chapters.jsonl"), os.path.join(d, "questions.jsonl"), a.index or os.path.join(d, "index")
        with open(documents, "w") as out:
            out.writelines(json.dumps({"id": name, "text": "\n\n".join(text)}) + "\n" for name, text in chapters.items())
        with open(asked, "w") as out:
            out.writelines(json.dumps({"question": q["question"], "passages": [verses[v] for v in q["verses"]]}) + "\n" for q in questions)
        finetune("search", "index", "--index", index, "--data", documents, "--model", a.model, "--split", "paragraphs", "--max-tokens", a.max_tokens, "--overlap", a.overlap)
        shares = {}
        for mode in ("bm25", "vector", "hybrid"):
            r = json.loads(finetune("search", "eval", "--index", index, "--data", asked, "--mode", mode, "--json", *a.flags))
            shares[mode] = r["answered@5"]
            print(f"{mode}: answered by the first passage {100 * r['answered@1']:.0f}%, the first five {100 * r['answered@5']:.0f}%, ten {100 * r['answered@10']:.0f}%, of {r['passages']:,} passages", flush=True)
        uncited = right = 0
        chosen = questions[:a.questions] if a.generator else []
        for q in chosen:
            r = json.loads(finetune("ask", "--index", index, "--model", a.generator, "--max-new-tokens", "60", "--json", *a.flags, q["question"]))
            cited = [s for s in r["sources"] if s["cited"]]
            holds = any(verses[v] in s["text"] for v in q["verses"] for s in cited)
            uncited, right = uncited + (r["found"] and not cited), right + holds
            print(f"{q['question']} {' '.join(r.get('answer', 'nothing found').split())} {[s['source'] for s in cited]}{' *' if holds else ''}", flush=True)
        if chosen:
            print(f"{len(chosen)} answers: {uncited} cite nothing, {right} cite a passage with a verse that answers")
    return shares["hybrid"] < WANTED or uncited > 0


if __name__ == "__main__":
    sys.exit(main())
