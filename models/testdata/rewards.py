"""Makes rewards.json, the goldens of reward models: python rewards.py

A tiny model of each family runs in transformers as a sequence classifier of one label, in float64, on weights that are computed from
their names, as goldens.py has them. The loss is the sum of the texts' values. Made with torch 2.15.0 and transformers 5.24.0.
"""

import json

import torch
import transformers

from goldens import HERE, SMALL, digest, fill, gradients, integers, rounded

MODELS = {
    "gemma3": transformers.Gemma3TextConfig(**SMALL, query_pre_attn_scalar=7, layer_types=["sliding_attention", "full_attention"], sliding_window=3),
    "gpt2": transformers.GPT2Config(vocab_size=19, n_positions=12, n_embd=12, n_layer=2, n_head=3),
    "gpt_neox": transformers.GPTNeoXConfig(vocab_size=19, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=16),
    "llama": transformers.LlamaConfig(**SMALL, tie_word_embeddings=True),
    "mistral": transformers.MistralConfig(**SMALL),
    "mixtral": transformers.MixtralConfig(**SMALL, num_local_experts=5, num_experts_per_tok=2),
    "phi3": transformers.Phi3Config(**{**SMALL, "hidden_size": 16}),
    "qwen2": transformers.Qwen2Config(**{**SMALL, "hidden_size": 16}),
    "qwen3": transformers.Qwen3Config(**SMALL),
}


def value(config, batch=3, length=9, padding=(0, 3, 8)):
    config.num_labels, config.pad_token_id, config.bos_token_id, config.eos_token_id = 1, 18, 0, 0
    model = transformers.AutoModelForSequenceClassification.from_config(config, attn_implementation="eager", experts_implementation="eager").double().eval()
    fill(model)
    ids, segments = integers("ids", (batch, length), 18), torch.zeros(batch, length, dtype=torch.int64)
    for row, n in enumerate(padding):
        ids[row, length - n :], segments[row, length - n :] = 18, -1
    values = model(ids, attention_mask=segments + 1).logits
    values.sum().backward()
    return {
        "config": json.loads(config.to_json_string()) | {"architectures": [type(model).__name__]},
        "ids": ids.tolist(),
        "segments": segments.tolist(),
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p)} for n, p in gradients(model)},
        "logits": rounded(values),
        "loss": values.sum().item(),
    }


path = HERE / "rewards.json"
# Behind a window, padding sees nothing, and transformers makes it no number.
unpadded = {"gemma3": (0, 0, 0)}
path.write_text(json.dumps({name: value(config, padding=unpadded.get(name, (0, 3, 8))) for name, config in MODELS.items()}, separators=(",", ":")) + "\n")
print(path.name, path.stat().st_size)
