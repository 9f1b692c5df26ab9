#!/usr/bin/env python3
"""Trains a GPT-2 in PyTorch on the fixed work of `finetune bench`, to be compared with it step by step and timed beside it.

The model is GPT-2: learned positions, pre-norm blocks, tanh GELU, biases, a tied head, no dropout. The optimizer is AdamW
(rate 3e-4, betas 0.9 and 0.95, eps 1e-8, decay 0.1 on tensors of two or more dimensions), gradients are clipped to a norm
of 1, the loss is the mean cross entropy. Tokens come from x <- (x*1664525 + 1013904223) mod 2**32, x0 = 1,
token = (x >> 8) mod vocab; row b of step s starts at ((s*B + b)*T) mod (N - T - 1).

It prints a JSON object a step (step, loss, grad_norm, seconds), and last the median tokens a second of the steps after
the first three and the peak resident memory. --save-init DIR writes initial weights as a Hugging Face directory, --init DIR
starts from one, so that both sides can start from the same numbers.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

PRESETS = {  # layers, heads, width, vocabulary, rows, length
    "char": (4, 4, 128, 65, 12, 64),
    "mini": (6, 6, 384, 4096, 16, 256),
    "gpt2": (12, 12, 768, 50257, 4, 256),
}


class Projection(nn.Linear):
    """A linear layer that is stored the other way round in Hugging Face's GPT-2."""


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = Projection(width, 3 * width), Projection(width, width)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.c_attn(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(b, t, d))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = Projection(width, 4 * width), Projection(4 * width, width)

    def forward(self, x):
        return self.c_proj(functional.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.ln_2, self.mlp = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """GPT-2, with the names of Hugging Face's transformer."""

    def __init__(self, layers, heads, width, vocab, length):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, width), nn.Embedding(length, width)
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if name.endswith("c_proj.weight") else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids, targets):
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.h:
            x = block(x)
        logits = self.ln_f(x) @ self.wte.weight.t()
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def stored(self):
        """Yields the parameters' names and views of them as Hugging Face stores them."""
        for prefix, module in self.named_modules():
            for name, p in module.named_parameters(recurse=False):
                yield f"transformer.{prefix}.{name}", p.data.t() if isinstance(module, Projection) and p.dim() > 1 else p.data


def save(model, shape, directory):
    from safetensors.torch import save_file

    layers, heads, width, vocab, length = shape
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    save_file({n: p.contiguous() for n, p in model.stored()}, directory / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": layers, "n_head": heads, "n_embd": width,
        "vocab_size": vocab, "n_positions": length, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0, "tie_word_embeddings": True,
    }  # fmt: skip
    (directory / "config.json").write_text(json.dumps(config, indent=2))


def load(model, directory):
    from safetensors.torch import load_file

    tensors = load_file(pathlib.Path(directory) / "model.safetensors")
    for name, p in model.stored():
        p.copy_(tensors[name])


def generated(n, vocab):
    x, tokens = 1, []
    for _ in range(n):
        x = (x * 1664525 + 1013904223) % 2**32
        tokens.append((x >> 8) % vocab)
    return torch.tensor(tokens)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="mini")
    parser.add_argument("--steps", type=int, default=13)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seq-len", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--compile", action="store_true", help="run the model through torch.compile")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16 where autocast does")
    parser.add_argument("--init", help="start from the weights of this directory")
    parser.add_argument("--save-init", help="write initial weights to this directory and stop")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1337)
    layers, heads, width, vocab, rows, length = PRESETS[args.preset]
    rows, length = args.batch_size or rows, args.seq_len or length
    shape = layers, heads, width, vocab, length
    model = GPT2(*shape)
    if args.init:
        load(model, args.init)
    if args.save_init:
        save(model, shape, args.save_init)
        return
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
    loss_of = torch.compile(model) if args.compile else model
    tokens = generated(args.steps * rows * length + length + 2, vocab)
    seconds = []
    for step in range(args.steps):
        starts = [((step * rows + b) * length) % (len(tokens) - length - 1) for b in range(rows)]
        ids = torch.stack([tokens[s : s + length] for s in starts])
        targets = torch.stack([tokens[s + 1 : s + length + 1] for s in starts])
        begin = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
            loss = loss_of(ids, targets)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
        optimizer.step()
        loss = loss.item()
        seconds.append(time.perf_counter() - begin)
        print(json.dumps({"step": step, "loss": round(loss, 6), "grad_norm": round(norm, 6), "seconds": round(seconds[-1], 4)}), flush=True)
    print(json.dumps({
        "preset": args.preset, "torch": torch.__version__, "threads": args.threads, "compile": args.compile, "bf16": args.bf16,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens_per_second": round(rows * length / statistics.median(seconds[3:] or seconds), 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
