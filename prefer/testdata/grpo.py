#!/usr/bin/env python3
"""Writes grpo.json: losses, figures and gradients of trl's GRPOTrainer on fixed samples, in float64, and advantages of fixed rewards.

The model is that of losses.py. Old and reference log-probabilities are numbers that float32 holds exactly. Made with trl 1.16.0 and torch 2.15.0:

    python grpo.py > grpo.json
"""
import json
from types import SimpleNamespace

import torch

import losses  # noqa: F401  (sets float64, and makes .float() keep it)
from losses import Accelerator, Metrics, Tables, finish
from trl import GRPOTrainer
from trl.trainer.utils import nanstd

# (tokens of the prompt, of the completion, the advantage)
SAMPLES = [([1, 2], [3, 4, 5], 0.75), ([4], [4, 9, 10, 0, 3, 2], -1.25), ([5, 6, 1], [7], 0.5), ([2, 2], [8, 1], -0.5)]
MAX_LENGTH = 7


def quarters(salt, n):
    return [-((i * 29 + 17 * salt) % 23 + 1) / 8 for i in range(n)]


def right(rows, fill=0):
    n = max(map(len, rows))
    return torch.tensor([r + [fill] * (n - len(r)) for r in rows])


def left(rows):
    n = max(map(len, rows))
    return torch.tensor([[0] * (n - len(r)) + r for r in rows])


def logps(self, model, input_ids, attention_mask, logits_to_keep, **_):
    # trl pads prompts on the left; the model of tables has no positions, so that nothing depends on it.
    logits = model.logits(input_ids)[:, :-1][:, -logits_to_keep:]
    logp = torch.gather(torch.log_softmax(logits, -1), 2, input_ids[:, -logits_to_keep:].unsqueeze(2)).squeeze(2)
    return logp, torch.zeros_like(logp), None


def grpo(loss_type, level="token", beta=0.0, old=True, epsilon=(0.2, 0.2), delta=None, steps=1):
    model = Tables(0)
    model.training = True
    prompts, completions = [p for p, _, _ in SAMPLES], [c for _, c, _ in SAMPLES]
    mask = right([[1] * len(c) for c in completions])
    inputs = {"prompt_ids": left(prompts), "prompt_mask": left([[1] * len(p) for p in prompts]), "completion_ids": right(completions), "completion_mask": mask,
              "advantages": torch.tensor([a for _, _, a in SAMPLES]), "num_items_in_batch": mask.sum() * steps}
    if old:
        inputs["old_per_token_logps"] = right([quarters(i, len(c)) for i, c in enumerate(completions)], 0.0)
    if beta:
        inputs["ref_per_token_logps"] = right([quarters(i + 5, len(c)) for i, c in enumerate(completions)], 0.0)
    accelerator = SimpleNamespace(num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x, gather_for_metrics=lambda x: x, device="cpu", sync_gradients=True)
    self = SimpleNamespace(
        accelerator=accelerator, model=model, _metrics={"train": Metrics()}, aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None, beta=beta,
        importance_sampling_level=level, loss_type=loss_type, epsilon_low=epsilon[0], epsilon_high=epsilon[1], use_vllm=False, vllm_importance_sampling_correction=False,
        max_completion_length=MAX_LENGTH, current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False,
        args=SimpleNamespace(delta=delta, use_bias_correction_kl=False, steps_per_generation=steps))
    self._get_per_token_logps_and_entropies = lambda *a, **k: logps(self, *a, **k)
    loss = GRPOTrainer._compute_loss(self, model, inputs)
    names = ["kl", "clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean", "cispo_clip_ratio"]
    figures = {n: self._metrics["train"][n][0] for n in names if n in self._metrics["train"]}
    # The advantages and ratios that are clipped go through no gradient, so all is in the tables'.
    return finish(loss, model, figures) | {"old": old, "beta": beta, "loss_type": loss_type, "level": level, "epsilon": epsilon, "delta": delta or 0, "steps": steps}


def advantages(rewards, group, scale):
    # The lines of GRPOTrainer._generate_and_score_completions behind the rewards, sum_then_normalize.
    rewards = torch.tensor(rewards)
    mean = torch.nanmean(rewards.view(-1, group), dim=1).repeat_interleave(group, dim=0)
    if scale in ["group", "none"]:
        std = nanstd(rewards.view(-1, group), dim=1).repeat_interleave(group, dim=0) if group > 1 else torch.zeros_like(rewards)
    else:
        std = nanstd(rewards).expand_as(rewards)
    values = rewards - mean
    if scale != "none":
        values = values / (std + 1e-4)
    flat = torch.isclose(std, torch.zeros_like(std)).double().mean().item()
    return {"rewards": [None if r != r else r for r in rewards.tolist()], "group": group, "scale": scale, "advantages": torch.nan_to_num(values, nan=0.0).tolist(), "flat": flat}


nan, result = float("nan"), {"samples": SAMPLES, "max_length": MAX_LENGTH, "old": [quarters(i, len(c)) for i, (_, c, _) in enumerate(SAMPLES)],
                             "reference": [quarters(i + 5, len(c)) for i, (_, c, _) in enumerate(SAMPLES)]}
result["losses"] = [grpo(t, beta=b, old=o) for t in ["grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo"] for b in [0.0, 0.25] for o in [True, False]]
result["losses"] += [grpo(t, level="sequence", beta=b) for t in ["grpo", "luspo"] for b in [0.0, 0.25]]
result["losses"] += [grpo("grpo", epsilon=(0.1, 0.5)), grpo("dapo", epsilon=(0.1, 0.3), delta=1.5), grpo("cispo", epsilon=(0.2, 5.0)), grpo("dapo", steps=2)]
result["advantages"] = [advantages(r, n, s) for s in ["group", "batch", "none"]
                        for r, n in [([1, 0, 0, 1.0], 4), ([1, 0, 0.5, 1, 1, 1.0], 3), ([2, 3, -1.0, 0], 1), ([1, nan, 0, nan, 1, nan], 3)]]
print(json.dumps(result))
