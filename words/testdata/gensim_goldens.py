"""Writes what gensim (4.4) makes of a small text, and a pair of files of its KeyedVectors: python gensim_goldens.py."""
import json, os
from gensim.models.phrases import Phrases, ENGLISH_CONNECTOR_WORDS
from gensim.models import TfidfModel, LuceneBM25Model
from gensim.corpora import Dictionary
from gensim.models import KeyedVectors
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
text = """new york is in the state of new york
the bank of england is in london and new york
a bank of england note of london
new york and london new york
the state of england
new york bank of england new"""
lines = [l.split() for l in text.split("\n")]
out = {"text": text, "phrases": []}
for name, options in {"default": dict(min_count=1, threshold=0.4), "npmi": dict(min_count=2, threshold=0.3, scoring="npmi"), "connectors": dict(min_count=1, threshold=0.5, connector_words=ENGLISH_CONNECTOR_WORDS)}.items():
    p = Phrases(lines, delimiter="_", **options)
    out["phrases"].append({"name": name, "scores": p.export_phrases(), "lines": [" ".join(p[l]) for l in lines]})
d = Dictionary(lines)
bags = [d.doc2bow(l) for l in lines]
for name, m in {"tfidf": TfidfModel(bags), "bm25": LuceneBM25Model(dictionary=d)}.items():
    out[name] = [{d[i]: float(w) for i, w in m[b]} for b in bags]
dense = np.zeros((len(d), len(bags)))
tfidf = TfidfModel(bags)
for j, b in enumerate(bags):
    for i, w in tfidf[b]:
        dense[i, j] = w
out["singular"] = np.linalg.svd(dense, compute_uv=False).tolist()
with open(os.path.join(here, "gensim.json"), "w") as f:
    json.dump(out, f, indent=1)
kv = KeyedVectors(3)
kv.add_vectors(["sun", "诗", "it's"], np.array([[1, 2.5, -3], [0, 1e-7, 4], [0.1, 0.2, 0.3]], dtype=np.float32))
for i, w in enumerate(kv.index_to_key):
    kv.set_vecattr(w, "count", 10 - i)
kv.lifecycle_events = None
kv.save(os.path.join(here, "keyedvectors.kv"), sep_limit=0)
