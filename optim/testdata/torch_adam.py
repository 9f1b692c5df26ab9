#!/usr/bin/env python3
"""Writes torch_adam.json: a few steps of torch.optim.Adam and AdamW, and learning rates.

Values and gradients are fractions of powers of two given by a formula (see value and gradient),
so that both sides start from the same bits. Made with torch 2.15.0 and transformers 5.23.0:

    python torch_adam.py > torch_adam.json
"""
import json
import math

import torch
from transformers import get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup

STEPS = 5
SIZES = {"matrix": (3, 4), "bias": (4,)}
CASES = [  # name, decoupled, dtype, weight decay of the matrix, maximal norm
    ("adamw", True, "float64", 0.1, 0),
    ("adamw clipped", True, "float64", 0.1, 1.0),
    ("adamw never clipped", True, "float64", 0.1, 1000.0),
    ("adam", False, "float64", 0, 0),
    ("adam with L2", False, "float64", 0.1, 1.0),
    ("adamw in float32", True, "float32", 0.1, 1.0),
]


def value(n, salt):
    return [((i * 37 + salt * 11) % 101 - 50) / 64 for i in range(n)]


def gradient(n, salt, step):
    return [((i * 53 + salt * 7 + step * 29) % 97 - 48) / 32 for i in range(n)]


def run(decoupled, dtype, decay, max_norm):
    dtype = getattr(torch, dtype)
    params = [torch.tensor(value(math.prod(s), k), dtype=dtype).reshape(s).requires_grad_() for k, s in enumerate(SIZES.values())]
    groups = [{"params": params[:1], "weight_decay": decay}, {"params": params[1:], "weight_decay": 0.0}]
    make = torch.optim.AdamW if decoupled else torch.optim.Adam
    optimizer = make(groups, lr=1.0, betas=(0.9, 0.95), eps=1e-8, foreach=False)
    norms = []
    for step in range(STEPS):
        for k, p in enumerate(params):
            p.grad = torch.tensor(gradient(p.numel(), k, step), dtype=dtype).reshape(p.shape)
        for g in optimizer.param_groups:
            g["lr"] = 0.01 * (step + 1)
        norms.append(float(torch.nn.utils.clip_grad_norm_(params, max_norm or math.inf)))
        optimizer.step()
    return {"norms": norms, "params": [p.detach().flatten().tolist() for p in params],
            "exp_avg": [optimizer.state[p]["exp_avg"].flatten().tolist() for p in params],
            "exp_avg_sq": [optimizer.state[p]["exp_avg_sq"].flatten().tolist() for p in params]}


def rates(make, warmup, total):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-3)
    schedule = make(optimizer, warmup, total)
    out = []
    for _ in range(total + 2):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return out


def nanogpt(it, learning_rate=1e-3, min_lr=1e-4, warmup_iters=4, lr_decay_iters=12):
    """get_lr of nanoGPT's train.py."""
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)


print(json.dumps({
    "cases": [{"name": n, "decoupled": d, "dtype": t, "decay": w, "max_norm": m} | run(d, t, w, m) for n, d, t, w, m in CASES],
    "linear": rates(get_linear_schedule_with_warmup, 4, 12),
    "cosine": rates(get_cosine_schedule_with_warmup, 4, 12),
    "nanogpt": [nanogpt(i) for i in range(14)],
}, indent=1))
