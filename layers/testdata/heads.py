"""Makes heads.json, what PyTorch gives for heads and pooling in float64: python heads.py

As goldens.py, whose parts it uses. Made with torch 2.15.0.
"""

import json

import torch
import torch.nn.functional as F

from goldens import D, HERE, HIDDEN, IDS, T, V, Weights, linear, norm, record


def masked_head(p, x, table):
    y = norm(p, "transform.norm", F.gelu(linear(p, "transform.dense", x, HIDDEN, bias=True)))
    return F.linear(y, p(table, V, HIDDEN), p("bias", V))


def smoothed_loss(p, x):
    """The fourth target is ignored."""
    targets = IDS.reshape(-1).clone()
    targets[3] = -1
    return F.cross_entropy(linear(p, "head", x, V, bias=True).reshape(-1, V), targets, ignore_index=-1, label_smoothing=0.2).reshape(1)


def mean(x):
    """The last two tokens of the second sequence are padding."""
    return torch.stack([x[0].mean(0), x[1, : T - 2].mean(0)])


CASES = {
    "learned position with offset": lambda p, x: x + p("position.weight", T + 3, D)[2 : T + 2],
    "masked head": lambda p, x: masked_head(p, x, "decoder.weight"),
    "masked head tied": lambda p, x: masked_head(p, x, "table.weight"),
    "classifier": lambda p, x: linear(p, "classifier", x, 3, bias=True),
    "smoothed loss": smoothed_loss,
    "pool mean": lambda p, x: mean(x),
    "pool mean normalized": lambda p, x: F.normalize(mean(x)),
    "pool first normalized": lambda p, x: F.normalize(x[:, 0]),
}

if __name__ == "__main__":
    (HERE / "heads.json").write_text(json.dumps(record(CASES), indent=1) + "\n")
