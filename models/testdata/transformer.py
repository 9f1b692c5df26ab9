"""Makes transformer.json and transformer_prenorm.json with PyTorch's nn.Transformer.

The weights are computed from their names (internal/golden). Made with torch 2.15.0.
"""

import json
import math

import torch

from goldens import HERE, IGNORED, digest, integers, rounded, weight

V, D, F, H, LAYERS, POSITIONS = 19, 12, 20, 3, (2, 1), 10
NAMES = {
    "self_attn.out_proj": "attention.out",
    "multihead_attn.out_proj": "cross.out",
    "linear1": "feed_forward.up",
    "linear2": "feed_forward.down",
}


def ours(name, norms):
    """This module's name of a parameter of nn.Transformer, and of its thirds if it is packed."""
    for theirs, own in {**NAMES, **norms}.items():
        name = name.replace(theirs, own)
    for theirs, own in {"self_attn.in_proj_": "attention.", "multihead_attn.in_proj_": "cross."}.items():
        if theirs in name:
            return [name.replace(theirs, own + part + ".") for part in ("query", "key", "value")]
    return [name]


def sinusoids(n):
    t, i = torch.arange(n).double()[:, None], torch.arange(0, D, 2).double()
    angles = t * 10000 ** (-i / D)
    return torch.stack([angles.sin(), angles.cos()], -1).reshape(n, D)


def golden(pre_norm):
    model = torch.nn.Transformer(D, H, *LAYERS, F, 0.0, batch_first=True, norm_first=pre_norm).double()
    if not pre_norm:
        model.encoder.norm = model.decoder.norm = None
    model.eval()
    table = weight("embed_tokens.weight", (V, D)).requires_grad_()
    parts = {"embed_tokens.weight": table}
    values = {}
    for name, p in model.named_parameters():
        norms = {"norm1.": "attention_norm.", "norm2.": "feed_forward_norm."}
        if name.startswith("decoder."):
            norms = {"norm1.": "attention_norm.", "norm2.": "cross_norm.", "norm3.": "feed_forward_norm."}
        names = ours(name, norms)
        shape = (p.shape[0] // len(names), *p.shape[1:])
        for n in names:
            parts[n] = weight(n, shape).requires_grad_()
        values[name] = torch.cat([parts[n] for n in names])
    source, ids, targets = integers("source", (2, 7), V), integers("ids", (2, 5), V), integers("targets", (2, 5), V)
    segments = torch.zeros(2, 7, dtype=torch.int64)
    segments[1, -2:] = -1
    targets[0, 2] = IGNORED
    embed = lambda x: table[x] * math.sqrt(D) + sinusoids(x.shape[1])  # noqa: E731
    padded = segments < 0
    causal = torch.triu(torch.full((5, 5), -math.inf, dtype=torch.float64), 1)
    options = dict(tgt_mask=causal, src_key_padding_mask=padded, memory_key_padding_mask=padded)
    logits = torch.func.functional_call(model, values, (embed(source), embed(ids)), options) @ table.t()
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1), ignore_index=IGNORED)
    loss.backward()
    config = dict(model_type="transformer", vocab_size=V, d_model=D, d_ff=F, encoder_layers=LAYERS[0], decoder_layers=LAYERS[1])
    config |= dict(num_heads=H, max_positions=POSITIONS, dropout=0.0, pre_norm=pre_norm)
    return {
        "config": config,
        "source": source.tolist(),
        "segments": segments.tolist(),
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p.grad)} for n, p in parts.items()},
        "logits": rounded(logits),
        "loss": loss.item(),
    }


def main():
    for name, pre_norm in (("transformer", False), ("transformer_prenorm", True)):
        (HERE / f"{name}.json").write_text(json.dumps(golden(pre_norm), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
