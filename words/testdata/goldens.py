"""Writes small files of fastText and what it makes of them: python goldens.py, with the packages fasttext-wheel (0.9.2) and gensim (4.4)."""
import json, os, random
import fasttext
from gensim.models.fasttext import load_facebook_model

here = os.path.dirname(os.path.abspath(__file__))
random.seed(1)
kinds = [["sun", "moon", "star", "诗", "über"], ["bread", "milk", "honey", "it's"]]
lines = [" ".join(random.choice(kinds[i % 2]) for _ in range(6)) for i in range(60)]
text = os.path.join("/tmp", "fasttext-text.txt")
with open(text, "w") as f:
    f.write("\n".join(lines) + "\n")
labelled = os.path.join("/tmp", "fasttext-labelled.txt")
with open(labelled, "w") as f:
    for i, line in enumerate(lines):
        f.write(f"__label__{'sky' if i % 2 == 0 else 'food'} {'__label__also ' if i % 6 == 0 else ''}{line}\n")

common = dict(dim=4, bucket=30, epoch=3, thread=1, verbose=0)
out = {}
for name, options in {
    "skipgram": dict(model="skipgram", loss="ns", minn=2, maxn=3, minCount=1),
    "cbow-hs": dict(model="cbow", loss="hs", minn=2, maxn=3, minCount=1),
    "whole-words": dict(model="skipgram", loss="ns", minn=0, maxn=0, minCount=1, bucket=0),
}.items():
    m = fasttext.train_unsupervised(text, **{**common, **options})
    path = os.path.join(here, f"fasttext-{name}.bin")
    m.save_model(path)
    words = m.words + (["moonlight", "诗歌"] if options["maxn"] else [])
    out[name] = {"words": m.words, "vectors": {w: m.get_word_vector(w).tolist() for w in words}}
    if options["maxn"]:
        g = load_facebook_model(path)
        assert abs(g.wv["moonlight"] - m.get_word_vector("moonlight")).max() < 1e-6
for name, options in {
    "softmax": dict(loss="softmax", wordNgrams=2),
    "hs": dict(loss="hs", minn=2, maxn=3),
    "ova": dict(loss="ova"),
    "ns": dict(loss="ns"),
}.items():
    m = fasttext.train_supervised(labelled, **{**common, "lr": 0.5, **options})
    m.save_model(os.path.join(here, f"classifier-{name}.bin"))
    texts = ["sun moon", "bread unknown milk", "it's 诗 sun", "moonlight"]
    predictions = []
    for t in texts:
        ps, labels = zip(*m.f.predict(t + "\n", -1, 0.0, "strict"))  # m.predict fails with NumPy 2
        predictions.append({"text": t, "labels": [l.removeprefix("__label__") for l in labels], "probabilities": [float(p) for p in ps], "vector": m.get_sentence_vector(t).tolist()})
    n, precision, recall = m.test(labelled, k=1)
    out["classifier-" + name] = {"predictions": predictions, "examples": n, "precision": precision, "recall": recall}
with open(os.path.join(here, "fasttext.json"), "w") as f:
    json.dump(out, f, ensure_ascii=False, indent=1)
with open(os.path.join(here, "labelled.txt"), "w") as f:
    f.write(open(labelled).read())
