"""Makes the goldens of the encoders: python encoders.py [name ...]

As goldens.py, whose parts it uses; the second text of each batch is padded. What a
sequence is to be has its place at the first token. Made with torch 2.15.0 and
transformers 5.23.0.
"""

import json
import sys

import torch
import transformers

from goldens import HERE, IGNORED, digest, fill, integers, rounded, values

BATCH, LENGTH, PADDED = 2, 9, 3

SMALL = dict(
    vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=16, type_vocab_size=2, pad_token_id=0
)


def bert(**changes):
    return transformers.BertConfig(**{**SMALL, **changes})


def roberta(**changes):
    return transformers.RobertaConfig(**{**SMALL, "pad_token_id": 1, **changes})


def albert(**changes):
    return transformers.AlbertConfig(**{**SMALL, "embedding_size": 6, "num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2, "hidden_act": "gelu_new", **changes})


def build(kind, config):
    model = kind._from_config(config, attn_implementation="eager").double().eval()
    if not config.tie_word_embeddings:
        # Both biases of a masked head have always been one, but version 5 keeps a second that it doesn't use.
        head = getattr(model, "predictions", None) or getattr(model, "lm_head", None) or model.cls.predictions
        head.decoder.bias = head.bias
    fill(model)
    config.architectures = [kind.__name__]
    return model


def batch(config):
    """Ids above those of padding, token types and a mask."""
    ids = integers("ids", (BATCH, LENGTH), config.vocab_size - 2) + 2
    ids[1, -PADDED:] = config.pad_token_id
    mask = torch.ones(BATCH, LENGTH, dtype=torch.int64)
    mask[1, -PADDED:] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": integers("types", (BATCH, LENGTH), config.type_vocab_size)}


def targets(kind, config, mask):
    """The labels that transformers takes, and what this package takes."""
    ours = torch.full((BATCH, LENGTH), IGNORED)
    if kind.__name__.endswith("ForSequenceClassification"):
        if config.problem_type == "regression":
            labels = torch.from_numpy(values("values", BATCH * config.num_labels)).reshape(BATCH, config.num_labels)
            ours[:, 0] = 0
        else:
            labels = ours[:, 0] = integers("labels", (BATCH,), config.num_labels)
        return labels, ours
    classes = config.vocab_size if kind.__name__.endswith("ForMaskedLM") else config.num_labels
    labels = integers("targets", (BATCH, LENGTH), classes)
    labels[0, 2] = IGNORED
    labels[mask == 0] = IGNORED
    return labels, labels


def golden(kind, config):
    model = build(kind, config)
    inputs = batch(config)
    labels, ours = targets(kind, config, inputs["attention_mask"])
    out = model(**inputs, labels=labels)
    out.loss.backward()
    return {
        "config": json.loads(config.to_json_string()),
        **texts(inputs),
        "targets": ours.tolist(),
        "values": labels.tolist() if labels.is_floating_point() else None,
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p.grad)} for n, p in model.named_parameters()},
        "logits": rounded(out.logits),
        "loss": out.loss.item(),
    }


def texts(inputs):
    return {"ids": inputs["input_ids"].tolist(), "types": inputs["token_type_ids"].tolist(), "segments": (inputs["attention_mask"] - 1).tolist()}


def states(kind, config):
    """A model without a head: its states and what the pooler makes of them."""
    model = build(kind, config)
    inputs = batch(config)
    out = model(**inputs)
    return {
        "config": json.loads(config.to_json_string()),
        **texts(inputs),
        "parameters": {n: {"shape": list(p.shape)} for n, p in model.named_parameters()},
        "logits": rounded(out.last_hidden_state[inputs["attention_mask"] == 1]),
        "pooled": rounded(out.pooler_output),
    }


t = transformers
CASES = {
    "bert": lambda: states(t.BertModel, bert()),
    "bert_masked": lambda: golden(t.BertForMaskedLM, bert()),
    "bert_masked_untied": lambda: golden(t.BertForMaskedLM, bert(tie_word_embeddings=False, hidden_act="relu", num_attention_heads=4)),
    "bert_sequence": lambda: golden(t.BertForSequenceClassification, bert(num_labels=3)),
    "bert_regression": lambda: golden(t.BertForSequenceClassification, bert(num_labels=2, problem_type="regression")),
    "bert_token": lambda: golden(t.BertForTokenClassification, bert(num_labels=5)),
    "roberta": lambda: states(t.RobertaModel, roberta()),
    "roberta_masked": lambda: golden(t.RobertaForMaskedLM, roberta(hidden_act="relu")),
    "roberta_masked_untied": lambda: golden(t.RobertaForMaskedLM, roberta(tie_word_embeddings=False, type_vocab_size=1)),
    "roberta_sequence": lambda: golden(t.RobertaForSequenceClassification, roberta(num_labels=3)),
    "roberta_token": lambda: golden(t.RobertaForTokenClassification, roberta()),
    "albert": lambda: states(t.AlbertModel, albert()),
    "albert_masked": lambda: golden(t.AlbertForMaskedLM, albert()),
    "albert_masked_untied": lambda: golden(t.AlbertForMaskedLM, albert(tie_word_embeddings=False, num_hidden_groups=1, inner_group_num=1, num_hidden_layers=3)),
    "albert_sequence": lambda: golden(t.AlbertForSequenceClassification, albert(num_labels=1, problem_type="regression")),
    "albert_token": lambda: golden(t.AlbertForTokenClassification, albert(num_labels=3)),
}


def main():
    for name in sys.argv[1:] or CASES:
        path = HERE / "encoders" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(CASES[name](), separators=(",", ":")) + "\n")
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
