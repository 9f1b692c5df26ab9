"""Makes training.json: ten steps of a small GPT-2 in PyTorch, in float64.

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

B, T, STEPS, VOCAB = 3, 16, 10, 65


def tokens(n):
    x, out = 1, []
    for _ in range(n):
        x = (x * 1664525 + 1013904223) % 2**32
        out.append((x >> 8) % VOCAB)
    return torch.tensor(out)


def main():
    config = transformers.GPT2Config(
        vocab_size=VOCAB, n_positions=T, n_embd=32, n_layer=2, n_head=4, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).double()
    fill(model)
    groups = [
        {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8)
    data = tokens(STEPS * B * T + T + 2)
    losses, norms = [], []
    for s in range(STEPS):
        starts = [((s * B + b) * T) % (len(data) - T - 1) for b in range(B)]
        ids = torch.stack([data[i : i + T] for i in starts])
        targets = torch.stack([data[i + 1 : i + T + 1] for i in starts])
        loss = torch.nn.functional.cross_entropy(model(ids).logits.reshape(-1, VOCAB), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)))
        optimizer.step()
        losses.append(loss.item())
    shapes = {name: list(p.shape) for name, p in model.named_parameters()}
    golden = {"config": json.loads(config.to_json_string()), "shapes": shapes, "batch": B, "length": T, "losses": losses, "norms": norms}
    (HERE / "training.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
