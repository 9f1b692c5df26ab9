"""Makes training*.json: ten steps of GPT-2s in PyTorch, in float64: a small one, and the models of the presets char and mini.

The weights are computed from their names (internal/golden). Batches, optimizer and
clipping are those of the speed comparison: tokens x <- (x*1664525 + 1013904223) mod 2**32,
token = (x >> 8) mod vocab; row b of step s starts at ((s*B + b)*T) mod (N - T - 1); AdamW with
rate 3e-4, betas 0.9 and 0.95, decay 0.1 on tensors of two or more dimensions; clipping at 1.
Made with torch 2.15.0 and transformers 5.23.0.
"""

import json

import torch
import transformers

from goldens import HERE, fill

STEPS = 10
RUNS = {  # layers, heads, width, vocabulary, rows, length; mini has fewer and shorter rows than in the comparison, so that the test is quick
    "training": (2, 4, 32, 65, 3, 16),
    "training_char": (4, 4, 128, 65, 12, 64),
    "training_mini": (6, 6, 384, 4096, 1, 64),
}


def tokens(n, vocab):
    x, out = 1, []
    for _ in range(n):
        x = (x * 1664525 + 1013904223) % 2**32
        out.append((x >> 8) % vocab)
    return torch.tensor(out)


def run(name, layers, heads, width, vocab, B, T):
    config = transformers.GPT2Config(
        vocab_size=vocab, n_positions=T, n_embd=width, n_layer=layers, n_head=heads, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).double()
    fill(model)
    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8)
    data = tokens(STEPS * B * T + T + 2, vocab)
    losses, norms = [], []
    for s in range(STEPS):
        starts = [((s * B + b) * T) % (len(data) - T - 1) for b in range(B)]
        ids = torch.stack([data[i : i + T] for i in starts])
        targets = torch.stack([data[i + 1 : i + T + 1] for i in starts])
        loss = torch.nn.functional.cross_entropy(model(ids).logits.reshape(-1, vocab), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)))
        optimizer.step()
        losses.append(loss.item())
    shapes = {name: list(p.shape) for name, p in model.named_parameters()}
    golden = {"config": json.loads(config.to_json_string()), "shapes": shapes, "batch": B, "length": T, "losses": losses, "norms": norms}
    (HERE / f"{name}.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    for name, shape in RUNS.items():
        run(name, *shape)
