"""Makes transformer.json, transformer_prenorm.json and transformer_untied.json with PyTorch's nn.Transformer.

The weights are computed from their names (internal/golden). Made with torch 2.15.0 and transformers 5.24.0.
"""

import json

import torch

from goldens import HERE, IGNORED, digest, integers, rounded, weight
from original import Original, OriginalConfig

V = 19
CONFIG = dict(vocab_size=V, d_model=12, d_ff=20, encoder_layers=2, decoder_layers=1, num_heads=3, max_positions=10, dropout=0.0)
CASES = {
    "transformer": dict(pre_norm=False),
    "transformer_prenorm": dict(pre_norm=True),
    "transformer_untied": dict(pre_norm=False, num_heads=2, decoder_layers=3, tie_word_embeddings=False),
}


def build(config, gain=1):
    model = Original(OriginalConfig(**config)).double().eval()
    with torch.no_grad():
        for name, p in model.stored():
            p.copy_(weight(name, tuple(p.shape), gain))
    return model


def golden(config):
    model = build(config)
    source, ids, targets = integers("source", (2, 7), V), integers("ids", (2, 5), V), integers("targets", (2, 5), V)
    segments = torch.zeros(2, 7, dtype=torch.int64)
    segments[1, -2:] = -1
    targets[0, 2] = IGNORED
    logits = model(source, segments + 1, ids).logits
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1), ignore_index=IGNORED)
    loss.backward()
    return {
        "config": {"model_type": "transformer", **config},
        "source": source.tolist(),
        "segments": segments.tolist(),
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p)} for n, p in model.gradients()},
        "logits": rounded(logits),
        "loss": loss.item(),
    }


def main():
    for name, changes in CASES.items():
        config = {**CONFIG, **changes}
        (HERE / f"{name}.json").write_text(json.dumps(golden(config), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
