#!/usr/bin/env python3
"""Writes losses.json: losses, figures and gradients of trl's own functions on a model of two tables, in float64.

The policy's logits behind a token are embedding[token] · headᵀ; the reference has other tables. trl's methods run on stand-ins for
their trainers. Made with trl 1.16.0 and torch 2.15.0:

    python losses.py > losses.json
"""
import json
from types import SimpleNamespace
from unittest import mock

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.Tensor.float = lambda self: self if self.is_floating_point() else self.double()  # where trl rounds to float32
V, D = 11, 3
# (tokens of the chosen text, of the rejected one, tokens of their prompt)
PAIRS = [([1, 2, 3, 4, 5], [1, 2, 6, 7], 2), ([4, 4, 9, 10, 0, 3, 2], [4, 8], 1), ([5, 6, 7], [5, 6, 7, 7, 8, 1], 2)]
MARGINS, DESIRABLE = [0.5, 0.0, -0.25], [True, False, True]


class Tables(torch.nn.Module):
    def __init__(self, salt):
        super().__init__()
        table = lambda k: torch.nn.Parameter(torch.tensor([[((i * D + j) * 37 + 11 * (salt + k)) % 101 - 50 for j in range(D)] for i in range(V)]) / 40)
        self.embedding, self.head, self.training = table(0), table(1), True

    def logits(self, ids):
        return self.embedding[ids] @ self.head.T

    def forward(self, input_ids, labels=None, **_):
        logits = self.logits(input_ids)
        if labels is None:
            return SimpleNamespace(logits=logits)
        shifted, target = logits[:, :-1], labels[:, 1:]
        logps = torch.gather(F.log_softmax(shifted, -1), 2, target.clamp(min=0).unsqueeze(2)).squeeze(2) * (target != -100)
        squares = torch.logsumexp(2 * F.log_softmax(shifted.detach(), -1), -1) * (target != -100)
        zero = torch.zeros_like(logps)
        return SimpleNamespace(log_probs=logps, log_sum_sq_probs=squares, entropy=zero, mean_logits=zero, is_top1=zero.bool(), logits=logits)


def batch(texts, prompts):
    length = max(map(len, texts))
    ids = torch.tensor([t + [0] * (length - len(t)) for t in texts])
    attention = torch.tensor([[1] * len(t) + [0] * (length - len(t)) for t in texts])
    completion = torch.tensor([[0] * p + [1] * (len(t) - p) + [0] * (length - len(t)) for t, p in zip(texts, prompts)])
    return {"input_ids": ids, "attention_mask": attention, "completion_mask": completion}


class Accelerator:
    device = torch.device("cpu")
    gather = gather_for_metrics = staticmethod(lambda x: x)
    unwrap_model = staticmethod(lambda m: m)


class Metrics(dict):
    def __missing__(self, key):
        self[key] = []
        return self[key]


def finish(loss, model, figures):
    loss.backward()
    return {"loss": loss.item(), "figures": figures, "embedding": model.embedding.grad.flatten().tolist(), "head": model.head.grad.flatten().tolist()}


def stub(**more):
    return SimpleNamespace(accelerator=Accelerator, _metrics={"train": Metrics()}, _total_train_tokens=0, _tp_size=1, aux_loss_enabled=False, **more)


class Double:
    """PyTorch, where trl asks for float32 by name."""
    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def dpo(loss_type, beta, smoothing, divergence="reverse_kl", weights=(1.0,), ld_alpha=None, weighting=False):
    from trl import DPOTrainer
    model = Tables(0)
    self = stub(model=model, ref_model=Tables(5), ld_alpha=ld_alpha, precompute_ref_logps=False, f_divergence_type=divergence, f_alpha_divergence_coef=0.5,
                loss_types=loss_type.split(","), loss_weights=weights, beta=beta, label_smoothing=smoothing, use_weighting=weighting, args=SimpleNamespace(discopop_tau=0.05, gradient_checkpointing_kwargs=None))
    texts, prompts = [c for c, _, _ in PAIRS] + [r for _, r, _ in PAIRS], [p for _, _, p in PAIRS] * 2
    with mock.patch("trl.trainer.dpo_trainer.disable_gradient_checkpointing", lambda *_: torch.no_grad()), mock.patch("trl.trainer.dpo_trainer.torch", Double()):
        loss = DPOTrainer._compute_loss(self, model, batch(texts, prompts), False)
    names = ["rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected"]
    return finish(loss, model, {n: self._metrics["train"][n][0] for n in names})


def mean_logps(model, inputs):
    out = model(inputs["input_ids"], inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100))
    return out.log_probs.sum(1) / inputs["completion_mask"][:, 1:].sum(1)


def orpo(beta):
    from trl.experimental.orpo import ORPOTrainer
    model = Tables(0)
    texts, prompts = [c for c, _, _ in PAIRS] + [r for _, r, _ in PAIRS], [p for _, _, p in PAIRS] * 2
    inputs = batch(texts, prompts)
    labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
    whole = {"concatenated_input_ids": inputs["input_ids"], "concatenated_attention_mask": inputs["attention_mask"], "concatenated_labels": labels}
    self = stub(beta=beta, is_encoder_decoder=False, padding_value=0, concatenated_inputs=lambda *_, **__: whole, get_batch_logps=ORPOTrainer.get_batch_logps)
    self.concatenated_forward = lambda m, b: ORPOTrainer.concatenated_forward(self, m, b)
    self.odds_ratio_loss = lambda c, r: ORPOTrainer.odds_ratio_loss(self, c, r)
    loss, metrics = ORPOTrainer.get_batch_loss_metrics(self, model, {"chosen_labels": labels[:3]})
    return finish(loss, model, {k: v for k, v in metrics.items() if "logits" not in k})


def simpo(beta, gamma, smoothing):
    from trl.experimental.cpo import CPOTrainer
    model = Tables(0)
    texts, prompts = [c for c, _, _ in PAIRS] + [r for _, r, _ in PAIRS], [p for _, _, p in PAIRS] * 2
    chosen, rejected = mean_logps(model, batch(texts, prompts)).chunk(2)
    self = stub(beta=beta, simpo_gamma=gamma, label_smoothing=smoothing, alpha=0.0, loss_type="simpo")
    losses, good, bad = CPOTrainer.cpo_loss(self, chosen, rejected)
    return finish(losses.mean(), model, {"rewards/chosen": good.mean().item(), "rewards/rejected": bad.mean().item(),
                                         "rewards/accuracies": (good > bad).double().mean().item(), "logps/chosen": chosen.mean().item()})


def cpo(loss_type, alpha, smoothing):
    from trl.experimental.cpo import CPOTrainer
    model = Tables(0)
    texts, prompts = [c for c, _, _ in PAIRS] + [r for _, r, _ in PAIRS], [p for _, _, p in PAIRS] * 2
    inputs = batch(texts, prompts)
    labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
    whole = {"concatenated_input_ids": inputs["input_ids"], "concatenated_attention_mask": inputs["attention_mask"], "concatenated_labels": labels}
    self = stub(beta=0.1, simpo_gamma=0.5, label_smoothing=smoothing, alpha=0.0, cpo_alpha=alpha, loss_type=loss_type, is_encoder_decoder=False, pad_token_id=0,
                concatenated_inputs=lambda *_, **__: whole, get_batch_logps=CPOTrainer.get_batch_logps)
    self.concatenated_forward = lambda m, b: CPOTrainer.concatenated_forward(self, m, b)
    self.cpo_loss = lambda c, r: CPOTrainer.cpo_loss(self, c, r)
    loss, metrics = CPOTrainer.get_batch_loss_metrics(self, model, {"chosen_labels": labels[:3]})
    return finish(loss, model, {k: v for k, v in metrics.items() if "logits" not in k and (alpha > 0 or k != "nll_loss")})


def kto(loss_type, beta, desirable, undesirable):
    from trl import KTOTrainer
    model = Tables(0)
    texts, prompts = [c for c, _, _ in PAIRS], [p for _, _, p in PAIRS]
    inputs = batch(texts, prompts)
    mismatched = batch([c[:p] + d[q:] for (c, _, p), (d, _, q) in zip(PAIRS, PAIRS[1:] + PAIRS[:1])], prompts)
    inputs |= {"KL_" + k: v for k, v in mismatched.items()} | {"label": torch.tensor(DESIRABLE)}
    self = stub(model=model, ref_model=Tables(5), beta=beta, loss_type=loss_type, calculate_KL=loss_type == "kto", precompute_ref_logps=False,
                desirable_weight=desirable, undesirable_weight=undesirable, args=SimpleNamespace(gradient_checkpointing_kwargs=None))
    self._compute_kl_logps = lambda m, b: KTOTrainer._compute_kl_logps(self, m, b)
    with mock.patch("trl.trainer.kto_trainer.disable_gradient_checkpointing", lambda *_: torch.no_grad()):
        loss = KTOTrainer._compute_loss(self, model, inputs, False)
    return finish(loss, model, {"kl": self._metrics["train"]["kl"][0]})


def reward(margins, center):
    from trl import RewardTrainer
    model = Tables(0)
    texts = [c for c, _, _ in PAIRS] + [r for _, r, _ in PAIRS]
    self = stub(args=SimpleNamespace(center_rewards_coefficient=center))
    # The value of a text is the first logit behind its last token.
    score = torch.stack([model.logits(torch.tensor(t))[-1, 0] for t in texts])
    inputs = {"attention_mask": batch(texts, [0] * 6)["attention_mask"]} | ({"margin": torch.tensor(MARGINS)} if margins else {})
    stand_in = lambda **_: SimpleNamespace(logits=score.unsqueeze(1))
    stand_in.training = True
    model.forward = stand_in
    with mock.patch.object(model, "forward", stand_in):
        loss = RewardTrainer.compute_loss(SimpleNamespace(**vars(self), model=model), model, inputs) if hasattr(RewardTrainer, "compute_loss") and "_compute_loss" not in vars(RewardTrainer) \
            else RewardTrainer._compute_loss(SimpleNamespace(**vars(self), model=model), model, inputs, False)
    m = self._metrics["train"]
    return finish(loss, model, {k: m[k][0] for k in ["accuracy", "margin", "mean_reward"]})


def gkd(beta, temperature):
    from trl.experimental.gkd import GKDTrainer
    model, teacher = Tables(0), Tables(5)
    inputs = batch([c for c, _, _ in PAIRS], [p for _, _, p in PAIRS])
    labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)[:, 1:]
    with torch.no_grad():
        taught = teacher.logits(inputs["input_ids"])[:, :-1]
    loss = GKDTrainer.generalized_jsd_loss(model.logits(inputs["input_ids"])[:, :-1], taught, labels=labels, beta=beta, temperature=temperature)
    return finish(loss, model, {})


def gkd_top(beta, k):
    """The divergence by the k best tokens of the teacher and all others together, by the functions with which trl learns from a server's."""
    from trl.experimental.async_distillation import async_distillation_trainer as trained
    model, teacher = Tables(0), Tables(5)
    inputs = batch([c for c, _, _ in PAIRS], [p for _, _, p in PAIRS])
    mask = inputs["completion_mask"][:, 1:].bool()
    with torch.no_grad():
        known, ids = F.log_softmax(teacher.logits(inputs["input_ids"])[:, :-1][mask], -1).topk(k)
    own = F.log_softmax(model.logits(inputs["input_ids"])[:, :-1][mask], -1).gather(-1, ids)
    support = torch.ones_like(ids, dtype=torch.bool)
    (own, whole), (known, _) = trained._add_tail_bucket(own, support), trained._add_tail_bucket(known, support)
    return finish(trained._jsd_divergence(own, known, beta, whole).sum() / mask.sum(), model, {})


def main():
    types = ["sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "apo_zero", "apo_down", "discopop", "sigmoid_norm", "aot", "aot_unpaired"]
    result = {"pairs": PAIRS, "margins": MARGINS, "desirable": DESIRABLE, "orpo": orpo(0.1), "simpo": simpo(2.0, 0.5, 0.0), "simpo_smoothed": simpo(2.0, 0.5, 0.1),
              "kto": kto("kto", 0.1, 1.0, 1.0), "kto_weighted": kto("kto", 0.5, 1.5, 0.5), "apo_zero_unpaired": kto("apo_zero_unpaired", 0.1, 1.0, 1.0),
              "reward": reward(False, None), "reward_margins": reward(True, 0.01), "gkd_0": gkd(0.0, 1.0), "gkd_0.3": gkd(0.3, 0.9), "gkd_1": gkd(1.0, 1.0)}
    for beta in [0.1, 0.5, 0.9]:
        result[f"gkd_{beta}"] = gkd(beta, 1.0)
    for beta in [0, 0.3, 1]:
        for k in [1, 4]:
            result[f"gkdtop_{beta}_{k}"] = gkd_top(beta, k)
    for t in ["sigmoid", "hinge", "ipo", "simpo"]:
        result["cpo_" + t] = cpo(t, 1.0, 0.0)
    result["cpo_sigmoid_smoothed"] = cpo("sigmoid", 0.5, 0.1)
    result["cpo_simpo_alone"] = cpo("simpo", 0.0, 0.0)
    for t in types:
        smoothing = 0.1 if t in ("exo_pair", "robust", "aot", "aot_unpaired") else 0.0
        result["dpo_" + t] = dpo(t, 0.1, smoothing)
    for t in ["sigmoid", "hinge", "ipo", "exo_pair", "robust", "discopop", "sigmoid_norm"]:
        for divergence in ["forward_kl", "js_divergence", "alpha_divergence"]:
            result[f"divergence_{divergence}/{t}"] = dpo(t, 0.1, 0.1 if t in ("exo_pair", "robust") else 0.0, divergence)
    result["dpo_sigmoid_0.5"] = dpo("sigmoid", 0.5, 0.0)
    result["dpo_sft"] = dpo("sft", 0.1, 0.0)
    for t in ["sigmoid", "ipo", "sppo_hard"]:
        for alpha in [0, 0.5]:
            result[f"ld_{alpha}/{t}"] = dpo(t, 0.1, 0.0, ld_alpha=alpha)
    for t in ["sigmoid", "robust", "sppo_hard", "sigmoid_norm"]:
        result["wpo_" + t] = dpo(t, 0.1, 0.1 if t == "robust" else 0.0, weighting=True)
    result["wpo_sigmoid,ipo"] = dpo("sigmoid,ipo", 0.1, 0.0, weights=[0.5, 2.0], weighting=True) | {"weights": [0.5, 2.0]}
    for t, weights in [("sigmoid,bco_pair,sft", [0.8, 0.2, 1.0]), ("ipo,hinge", [1.0, 1.0]), ("sft,robust", [0.25, 2.0]), ("sft,sft", [0.25, 2.0])]:
        result["sum_" + t] = dpo(t, 0.1, 0.1 if "robust" in t else 0.0, weights=weights) | {"weights": weights}
    result["sum_forward_kl/sigmoid,sft"] = dpo("sigmoid,sft", 0.1, 0.0, "forward_kl", weights=[1.0, 0.5]) | {"weights": [1.0, 0.5]}
    result["sum_ld_0.5/sigmoid,sft"] = dpo("sigmoid,sft", 0.1, 0.0, weights=[1.0, 0.5], ld_alpha=0.5) | {"weights": [1.0, 0.5]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
