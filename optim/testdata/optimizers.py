#!/usr/bin/env python3
"""Writes optimizers.json: a few steps of the optimizers beside Adam, by their references.

Values and gradients are those of torch_adam.py. Made with torch 2.15.0 (SGD, Muon), transformers 5.24.0 (Adafactor), lion-pytorch
0.2.5 and torchao 0.18.0 (AdamW8bit):

    python optimizers.py > optimizers.json
"""
import inspect
import json
import math

import torch
import torch.optim._muon as muon
import torchao.optim.adam as ao
from lion_pytorch import Lion
from torchao.optim.quant_utils import create_dynamic_map
from transformers.optimization import Adafactor

# Muon's iteration runs in bfloat16; here it has the precision of its input.
exec(inspect.getsource(muon._zeropower_via_newtonschulz).replace("torch.bfloat16", "grad.dtype"), muon.__dict__)

STEPS = 5


def value(n, salt):
    return [((i * 37 + salt * 11) % 101 - 50) / 64 for i in range(n)]


def gradient(n, salt, step):
    return [((i * 53 + salt * 7 + step * 29) % 97 - 48) / 32 for i in range(n)]


def run(make, shapes, dtype="float64", every=1, decay=0.1):
    dtype = getattr(torch, dtype)
    params = [torch.tensor(value(math.prod(s), k), dtype=dtype).reshape(s).requires_grad_() for k, s in enumerate(shapes)]
    optimizer = make([{"params": [p], "weight_decay": decay if p.dim() > 1 else 0.0} for p in params])
    for step in range(STEPS):
        for k, p in enumerate(params):
            p.grad = torch.tensor(gradient(p.numel(), k, step), dtype=dtype).reshape(p.shape)
        for g in optimizer.param_groups:
            rate = 0.01 * (step + 1)
            if isinstance(g["lr"], torch.Tensor):
                g["lr"].fill_(rate)
            else:
                g["lr"] = rate
        optimizer.step()
    return {"shapes": shapes, "every": every, "params": [p.detach().double().flatten()[::every].tolist() for p in params]}


class Eager8(ao.AdamW8bit):
    """AdamW8bit without torch.compile."""


torch.compile = lambda f=None, **_: f
small, matrices = [[3, 4], [4], [2, 3, 2]], [[3, 4], [6, 2], [4, 4]]
print(json.dumps({
    "sgd": run(lambda g: torch.optim.SGD(g, lr=1.0), small),
    "sgd_momentum": run(lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.9), small),
    "sgd_nesterov": run(lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.9, nesterov=True), small),
    "lion": run(lambda g: Lion(g, lr=1.0, betas=(0.9, 0.99)), small),
    "muon": run(lambda g: torch.optim.Muon(g, lr=1.0), matrices),
    "muon_match_adam": run(lambda g: torch.optim.Muon(g, lr=1.0, adjust_lr_fn="match_rms_adamw"), matrices),
    "adafactor": run(lambda g: Adafactor(g, lr=1.0, scale_parameter=False, relative_step=False), small),
    "adamw8": run(lambda g: Eager8(g, lr=torch.tensor(1.0), betas=(0.9, 0.95)), [[64, 80], [4]], "float32", 61),
    "table_signed": torch.tensor(create_dynamic_map(True)).tolist(),
    "table_unsigned": torch.tensor(create_dynamic_map(False)).tolist(),
}, indent=None))
