"""Makes goldens.json: python goldens.py

Tiny models run in transformers with eager attention, in float64, on weights that are computed from their names (internal/golden). What is kept
are the attentions, the hidden states, the probabilities by the logit lens, and captum's attributions of logits and probabilities to tokens.
Made with torch 2.15.0, transformers 5.24.0 and captum 0.9.0.
"""

import json
import pathlib
import sys

import torch
import transformers
from captum.attr import InputXGradient, IntegratedGradients

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "internal" / "golden" / "testdata"))
from weights import values, weight  # noqa: E402

VOCAB = 19


def integers(name, n, low, high):
    return [int(low + (v + 1) / 2 * (high - low)) for v in values(name, n)]


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().reshape(-1).tolist()]


def build(kind, config):
    model = kind._from_config(config, attn_implementation="eager").double().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(weight(name, tuple(p.shape), 2))
    config.architectures = [kind.__name__]
    return model, {
        "config": json.loads(config.to_json_string()),
        "parameters": {n: list(p.shape) for n, p in model.named_parameters()},
    }


def attributions(forward, embeds, baselines, targets):
    """Both methods, of logits and of probabilities; forward gives the logits [N] of one text. embeds is a tuple of [1, T, D]."""
    cases = []
    for score in ("logit", "probability"):

        def scored(*x, score=score):
            logits = forward(*x)
            return logits.softmax(-1) if score == "probability" else logits

        for target in targets:
            for method, base in (("gradient-input", None), ("integrated-gradients", None), ("integrated-gradients", baselines)):
                zeros = tuple(torch.zeros_like(e) for e in embeds)
                if method == "gradient-input":
                    parts = InputXGradient(scored).attribute(embeds, target=target)
                else:
                    parts = IntegratedGradients(scored).attribute(embeds, baselines=base or zeros, target=target, n_steps=50, method="gausslegendre")
                cases.append({
                    "score": score,
                    "target": target,
                    "method": method,
                    "baseline": base is not None,
                    "given": [rounded(p.sum(-1)) for p in parts],
                    "value": scored(*embeds)[0, target].item(),
                })
    return cases


def decoder(kind, config, norm):
    model, case = build(kind, config)
    ids, other = integers("ids", 7, 0, VOCAB), [3] * 7
    out = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    table = model.get_input_embeddings()
    embeds, baseline = table(torch.tensor([ids])).detach(), table(torch.tensor([other])).detach()
    states = out.hidden_states
    lens = [model.lm_head(norm(model)(h)).softmax(-1) for h in states[:-1]] + [out.logits.softmax(-1)]
    return {
        **case, "ids": ids, "other": other, "position": 7,
        "attention": {"self": [rounded(a) for a in out.attentions]},
        "states": [rounded(h) for h in states],
        "lens": [rounded(p) for p in lens],
        "attributions": attributions(lambda e: model(inputs_embeds=e).logits[:, -1], (embeds,), (baseline,), [5, 11]),
    }


def bert(kind, position, **changes):
    config = transformers.BertConfig(
        vocab_size=VOCAB, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=16, type_vocab_size=2, pad_token_id=0, **changes
    )
    model, case = build(kind, config)
    ids, types, other = integers("ids", 7, 1, VOCAB), [0, 0, 0, 0, 1, 1, 1], [0] * 7
    given = {"token_type_ids": torch.tensor([types]), "attention_mask": torch.ones(1, 7, dtype=torch.int64)}
    out = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True, **given)
    table = model.get_input_embeddings()
    embeds, baseline = table(torch.tensor([ids])).detach(), table(torch.tensor([other])).detach()

    def head(h):
        if position is None:
            return model.classifier(model.bert.pooler(h))
        return model.cls(h)

    def forward(e):
        n = e.shape[0]
        logits = model(inputs_embeds=e, **{k: v.expand(n, -1) for k, v in given.items()}).logits
        return logits if position is None else logits[:, position]

    return {
        **case, "ids": ids, "types": types, "other": other, "position": position or 0,
        "attention": {"self": [rounded(a) for a in out.attentions]},
        "states": [rounded(h) for h in out.hidden_states],
        "lens": [rounded(head(h).softmax(-1)) for h in out.hidden_states],
        "attributions": attributions(forward, (embeds,), (baseline,), [0, 2]),
    }


def t5():
    config = transformers.T5Config(
        vocab_size=VOCAB, d_model=12, d_kv=4, d_ff=20, num_layers=2, num_decoder_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=16,
        dropout_rate=0.0, decoder_start_token_id=0,
    )
    model, case = build(transformers.T5ForConditionalGeneration, config)
    source, ids, other = integers("source", 6, 0, VOCAB), integers("ids", 4, 0, VOCAB), [3] * 10
    decoded = torch.tensor([[0] + ids])
    out = model(input_ids=torch.tensor([source]), decoder_input_ids=decoded, output_attentions=True, output_hidden_states=True)
    states = out.decoder_hidden_states
    scale = config.d_model**-0.5 if config.tie_word_embeddings else 1.0
    lens = [model.lm_head(model.decoder.final_layer_norm(h) * scale).softmax(-1) for h in states[:-1]] + [out.logits.softmax(-1)]
    embeds = (model.shared(torch.tensor([source])).detach(), model.shared(decoded).detach())
    baseline = (model.shared(torch.tensor([other[:6]])).detach(), model.shared(torch.tensor([[0] + other[6:]])).detach())

    def forward(e, d):
        return model(inputs_embeds=e, decoder_inputs_embeds=d).logits[:, -1]

    return {
        **case, "source": source, "ids": ids, "other": other, "position": 4,
        "attention": {
            "encoder": [rounded(a) for a in out.encoder_attentions],
            "decoder": [rounded(a) for a in out.decoder_attentions],
            "cross": [rounded(a) for a in out.cross_attentions],
        },
        "states": [rounded(h) for h in states],
        "source_states": [rounded(h) for h in out.encoder_hidden_states],
        "lens": [rounded(p) for p in lens],
        "attributions": attributions(forward, embeds, baseline, [5, 11]),
    }


if __name__ == "__main__":
    small = dict(vocab_size=VOCAB, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1, max_position_embeddings=16)
    cases = {
        "llama": decoder(transformers.LlamaForCausalLM, transformers.LlamaConfig(**small), lambda m: m.model.norm),
        "gpt2": decoder(
            transformers.GPT2LMHeadModel,
            transformers.GPT2Config(vocab_size=VOCAB, n_positions=12, n_embd=12, n_layer=2, n_head=3, bos_token_id=0, eos_token_id=0),
            lambda m: m.transformer.ln_f,
        ),
        "gemma3": decoder(
            transformers.Gemma3ForCausalLM, transformers.Gemma3TextConfig(**small, head_dim=4, query_pre_attn_scalar=4, sliding_window=3, layer_types=["sliding_attention", "full_attention"]),
            lambda m: m.model.norm,
        ),
        "bert": bert(transformers.BertForSequenceClassification, None, num_labels=3),
        "bert_masked": bert(transformers.BertForMaskedLM, 2),
        "t5": t5(),
    }
    (HERE / "goldens.json").write_text("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in cases.items()) + "\n}\n")
