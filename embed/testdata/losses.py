"""Writes losses.json: losses and gradients of sentence-transformers 6.2 in float64, on a model that is a table of vectors.

    python losses.py > losses.json
"""
import json, sys
import torch
from torch import nn
from sentence_transformers.sentence_transformer import losses as L

torch.set_default_dtype(torch.float64)
V, D = 11, 6


class Table(nn.Module):
    """The mean of the tokens' vectors."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([((i * 37 + 11) % 101 - 50) / 40 for i in range(V * D)]).reshape(V, D))

    def forward(self, features, **_):
        return {**features, "sentence_embedding": torch.stack([self.weight[ids].mean(0) for ids in features["ids"]])}

    def get_embedding_dimension(self):
        return D


def text(i, k):
    return [(3 * i + 5 * k + j * (k + 2)) % V for j in range(1 + (i + 2 * k) % 4)]


rows = 5
scores = [0.875, 0.125, 0.5, 0.5, 0.25]  # exact in float32, to which CosineSimilarityLoss rounds them
teacher = [[((i * 29 + d * 13) % 17 - 8) / 10 for d in range(D)] for i in range(rows)]
cases = []


def case(name, config, make, texts, labels=None):
    model = Table()
    loss = make(model)
    features = [{"ids": [text(i, k) for i in range(rows)]} for k in range(texts)]
    value = loss(features, None if labels is None else torch.tensor(labels))
    value.backward()
    cases.append({"name": name, "config": config, "texts": texts, "loss": value.item(), "gradient": model.weight.grad.flatten().tolist()})


mnr = lambda **k: (lambda m: L.MultipleNegativesRankingLoss(m, **k))
case("multiple negatives", {"Loss": "multiple_negatives"}, mnr(), 2)
case("hard negatives", {"Loss": "multiple_negatives", "Scale": 7}, mnr(scale=7), 4)
case("symmetric", {"Loss": "multiple_negatives", "Symmetric": True}, mnr(directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"), 3)
case("cosent", {"Loss": "cosent"}, L.CoSENTLoss, 2, scores)
case("cosine", {"Loss": "cosine"}, L.CosineSimilarityLoss, 2, scores)
case("triplet", {"Loss": "triplet"}, L.TripletLoss, 3)
case("triplet by cosine", {"Loss": "triplet", "Distance": "cosine", "Margin": 0.5}, lambda m: L.TripletLoss(m, L.TripletDistanceMetric.COSINE, 0.5), 3)
case("triplet by manhattan", {"Loss": "triplet", "Distance": "manhattan", "Margin": 1}, lambda m: L.TripletLoss(m, L.TripletDistanceMetric.MANHATTAN, 1), 3)
case("distillation", {"Loss": "mse"}, L.MSELoss, 1, teacher)
case("matryoshka", {"Loss": "multiple_negatives", "Dimensions": [6, 3, 2], "Weights": [1, 0.5, 0.25]},
     lambda m: L.MatryoshkaLoss(m, L.MultipleNegativesRankingLoss(m), [6, 3, 2], [1, 0.5, 0.25]), 3)
case("matryoshka of scores", {"Loss": "cosent", "Dimensions": [6, 4]}, lambda m: L.MatryoshkaLoss(m, L.CoSENTLoss(m), [6, 4]), 2, scores)
json.dump({"vocab": V, "width": D, "rows": rows, "scores": scores, "teacher": teacher, "cases": cases}, sys.stdout, indent=1)
