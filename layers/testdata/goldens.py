"""Makes layers.json, what PyTorch's own layers give in float64: python goldens.py

Weights and inputs are computed from names (internal/golden). The loss is the product of
the output with computed values; digests of the output and of all gradients are kept.
Made with torch 2.15.0.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "internal" / "golden" / "testdata"))
from weights import digest, values, weight  # noqa: E402

B, T, D, H, HIDDEN, V = 2, 5, 8, 2, 12, 11


class Weights(dict):
    """Makes each named tensor when it is first asked for."""

    def __call__(self, name, *shape):
        if name not in self:
            self[name] = weight(name, shape).requires_grad_()
        return self[name]


def linear(p, name, x, out, bias=False, in_out=False):
    w = p(name + ".weight", *((x.shape[-1], out) if in_out else (out, x.shape[-1])))
    return F.linear(x, w.t() if in_out else w, p(name + ".bias", out) if bias else None)


def norm(p, name, x):
    return F.layer_norm(x, (x.shape[-1],), p(name + ".weight", x.shape[-1]), p(name + ".bias", x.shape[-1]), 1e-5)


def heads(x, n):
    return x.reshape(x.shape[0], x.shape[1], n, -1).transpose(1, 2)


def attention(p, name, x, causal, packed, kv=H, bias=True):
    size = D // H
    if packed:
        q, k, v = linear(p, name + "qkv", x, (H + 2 * kv) * size, bias).split([H * size, kv * size, kv * size], -1)
    else:
        q, k, v = (linear(p, name + n, x, c * size, bias) for n, c in (("query", H), ("key", kv), ("value", kv)))
    y = F.scaled_dot_product_attention(heads(q, H), heads(k, kv), heads(v, kv), is_causal=causal, enable_gqa=kv != H)
    return linear(p, name + "out", y.transpose(1, 2).reshape(B, T, D), D, bias)


def feed_forward(p, name, x, f, bias=True):
    return linear(p, name + "down", f(linear(p, name + "up", x, HIDDEN, bias)), D, bias)


def encoder_layer(p, x, norm_first, causal):
    """PyTorch's TransformerEncoderLayer on weights under this package's names."""
    layer = torch.nn.TransformerEncoderLayer(D, H, HIDDEN, dropout=0.0, activation="gelu", batch_first=True, norm_first=norm_first).double()
    sizes = {"in_proj": 3 * D, "out_proj": D, "linear1": HIDDEN, "linear2": D}
    names = {
        "self_attn.in_proj_": "attention.qkv.", "self_attn.out_proj.": "attention.out.", "linear1.": "feed_forward.up.", "linear2.": "feed_forward.down.",
        "norm1.": "attention_norm.", "norm2.": "feed_forward_norm.",
    }
    own = {}
    for theirs, parameter in layer.named_parameters():
        prefix = next(n for n in names if theirs.startswith(n))
        own[theirs] = p(names[prefix] + theirs[len(prefix):], *parameter.shape)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.float64) if causal else None
    return torch.func.functional_call(layer, own, (x,), {"src_mask": mask})


def sinusoids(x):
    t, i = torch.arange(T).double()[:, None], torch.arange(0, D, 2).double()
    angles = t * 10000 ** (-i / D)
    return x + torch.stack([angles.sin(), angles.cos()], -1).reshape(T, D)


CASES = {
    "linear": lambda p, x: linear(p, "linear", x, 7, bias=True),
    "linear in-out": lambda p, x: linear(p, "linear", x, 7, bias=True, in_out=True),
    "embedding": lambda p, x: x + 3 * F.embedding(IDS, p("embedding.weight", V, D)),
    "learned position": lambda p, x: x + p("position.weight", T + 2, D)[:T],
    "sinusoidal": lambda p, x: sinusoids(x),
    "layer norm": lambda p, x: norm(p, "norm", x),
    "attention": lambda p, x: attention(p, "", x, causal=False, packed=False),
    "attention without bias": lambda p, x: attention(p, "", x, causal=True, packed=False, bias=False),
    "attention causal packed": lambda p, x: attention(p, "", x, causal=True, packed=True),
    "attention multi-query": lambda p, x: attention(p, "", x, causal=True, packed=False, kv=1),
    "feed-forward relu": lambda p, x: feed_forward(p, "", x, F.relu),
    "feed-forward gelu": lambda p, x: feed_forward(p, "", x, F.gelu),
    "feed-forward gelu tanh": lambda p, x: feed_forward(p, "", x, lambda z: F.gelu(z, approximate="tanh")),
    "block pre-norm": lambda p, x: encoder_layer(p, x, norm_first=True, causal=True),
    "block post-norm": lambda p, x: encoder_layer(p, x, norm_first=False, causal=False),
}

IDS = torch.from_numpy(((values("ids", B * T) + 1) / 2 * V).astype("int64")).reshape(B, T)


def record(cases):
    """What is kept of each case: digests of its output and of all gradients."""
    goldens = {}
    for name, case in cases.items():
        p = Weights()
        x = p("x", B, T, D)
        y = case(p, x)
        (y * torch.from_numpy(values("loss", y.numel())).reshape(y.shape)).sum().backward()
        goldens[name] = {
            "output": digest("output", y),
            "parameters": {n: {"shape": list(w.shape), "gradient": digest(n, w.grad)} for n, w in p.items()},
        }
    return goldens


if __name__ == "__main__":
    (HERE / "layers.json").write_text(json.dumps(record(CASES), indent=1) + "\n")
