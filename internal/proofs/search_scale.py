#!/usr/bin/env python3
"""Searches among 100,000 passages: what the approximate index finds of what an exact scan finds, and how long both take; kills while indexing; damaged files.

    python internal/proofs/search_scale.py FINETUNE MODEL PASSAGES [--passages N] [--kills N] [--flips N] [--index DIR]

FINETUNE is the command, MODEL a directory of sentence-transformers such as that of all-MiniLM-L6-v2, PASSAGES a text with a passage a line. With --index the
large index is kept there, and used again where it is whole. Needs Python alone. It exits with status 1 where the approximate index finds less than 98% of an exact
scan's first ten or takes 5 ms or more, where an index doesn't open after a kill or comes to something else in the end, or where damage isn't refused by the
file's name.
"""
import argparse, json, os, random, shutil, subprocess, sys, tempfile, time

SMALL = 4_000  # passages of the index that is disturbed
parser = argparse.ArgumentParser()
parser.add_argument("finetune")
parser.add_argument("model")
parser.add_argument("passages")
parser.add_argument("--passages", dest="count", type=int, default=100_000)
parser.add_argument("--kills", type=int, default=15)
parser.add_argument("--flips", type=int, default=40)
parser.add_argument("--index")
a = parser.parse_args()
finetune, chance = os.path.abspath(a.finetune), random.Random(7)


def run(*args):
    return subprocess.run([finetune, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def must(*args):
    p = run(*args)
    if p.returncode != 0:
        sys.exit(f"{' '.join(args[:2])}: {p.stderr}")
    return p.stdout


def write(folder, name, passages):
    """Writes documents, and questions: the second half of some passages, whose source is to be found."""
    documents, questions = os.path.join(folder, name + ".jsonl"), os.path.join(folder, name + "-questions.jsonl")
    with open(documents, "w") as out:
        out.writelines(json.dumps({"id": f"passage {i}", "text": t}) + "\n" for i, t in enumerate(passages))
    with open(questions, "w") as out:
        for i in chance.sample(range(len(passages)), 300):
            words = passages[i].split()
            out.write(json.dumps({"question": " ".join(words[len(words) // 2:]), "sources": [f"passage {i}"]}) + "\n")
    return documents, questions


def indexing(index, documents, *more):
    return ["search", "index", "--index", index, "--data", documents, "--model", a.model, "--split", "lines", "--max-tokens", "64", *more]


def large(folder, passages):
    documents, questions = write(folder, "large", passages)
    index = a.index or os.path.join(folder, "large")
    begin = time.time()
    must(*indexing(index, documents))
    size = sum(os.path.getsize(os.path.join(index, f)) for f in os.listdir(index))
    print(f"{len(passages):,} passages indexed in {time.time() - begin:.0f} s, {size / 1e6:.0f} MB", flush=True)
    r = json.loads(must("search", "eval", "--index", index, "--data", questions, "--mode", "vector", "--json"))
    print(f"by vectors, of 300 queries: the cells find {100 * r['cells_recall@10']:.2f}% of the exact scan's first ten, {r['cells_ms']:.2f} ms a query beside {r['exact_ms']:.2f} ms", flush=True)
    h = json.loads(must("search", "eval", "--index", index, "--data", questions, "--json"))
    print(f"by both rankings: {h['search_ms']:.2f} ms a query; the passage of a half is among the first ten for {100 * h['answered@10']:.1f}%, by vectors for {100 * r['answered@10']:.1f}%", flush=True)
    return r["cells_recall@10"] < 0.98 or r["cells_ms"] >= 5


def killed(folder, passages):
    """Kills the indexing again and again, and compares what comes of it with an index that was left alone."""
    documents, questions = write(folder, "small", passages)
    small = ["--batch-documents", "100", "--cells", "60"]
    straight, index = os.path.join(folder, "straight"), os.path.join(folder, "killed")
    begin = time.time()
    must(*indexing(straight, documents, *small))
    whole = time.time() - begin
    wrong = kills = 0
    while kills < a.kills:
        p = subprocess.Popen([finetune, *indexing(index, documents, *small)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            p.wait(timeout=chance.uniform(0.1, 1.2) * whole / a.kills * 2)
            shutil.rmtree(index)  # it came to its end, so it begins anew
            continue
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            kills += 1
        if os.path.exists(os.path.join(index, "index.json")):
            found = run("search", "query", "--index", index, "--mode", "bm25", "the people")
            if found.returncode != 0:
                wrong += 1
                print("an index that was killed doesn't open:", found.stderr)
    must(*indexing(index, documents, *small))
    figures = [{k: v for k, v in json.loads(must("search", "eval", "--index", x, "--data", questions, "--json", "--exact")).items() if not k.endswith("_ms")} for x in (straight, index)]
    if figures[0] != figures[1]:
        wrong += 1
        print("an index that was killed finds otherwise:", *figures)
    print(f"{kills} kills while {len(passages):,} passages were indexed ({whole:.0f} s in one go): {wrong} wrong", flush=True)
    return index, wrong


def damaged(index):
    wrong = 0
    for _ in range(a.flips):
        name = chance.choice(sorted(f for f in os.listdir(index) if not f.startswith(".")))
        path = os.path.join(index, name)
        with open(path, "r+b") as f:
            at = chance.randrange(os.path.getsize(path))
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 1 << chance.randrange(8)]))
        said = run("search", "query", "--index", index, "--mode", "bm25", "the people")
        refused = said.returncode != 0 and name in said.stderr and "panic" not in said.stderr
        harmless = said.returncode == 0 and name == "index.json"  # a letter of a key in the other case
        if not refused and not harmless:
            wrong += 1
            print(f"{name}, byte {at}: status {said.returncode}, {said.stderr}")
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(bytes([byte]))
    print(f"{a.flips} flipped bits: {wrong} not refused by the file's name", flush=True)
    return wrong


def main():
    passages = [t.strip() for t in open(a.passages, encoding="utf-8") if len(t.split()) >= 6]
    chance.shuffle(passages)
    if len(passages) < a.count:
        sys.exit(f"{a.passages}: {len(passages)} passages of six words, expected {a.count}")
    with tempfile.TemporaryDirectory() as folder:
        index, wrong = killed(folder, passages[:SMALL])
        wrong += damaged(index)
        return int(large(folder, passages[:a.count]) or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
