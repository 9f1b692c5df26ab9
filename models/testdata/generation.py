"""Makes generation.json: python generation.py [family ...]

It holds what transformers writes with a small model of each family:
five greedy continuations of 64 tokens and five of a search with 4 beams, in float64, on
weights that are computed from their names and large enough for texts to differ. The original Transformer is PyTorch's, generation that of
transformers. Made with torch 2.15.0 and transformers 5.24.0.
"""

import json
import sys

import torch
import transformers

from goldens import HERE, SMALL, fill, integers, stored_parameters
from original import Original, OriginalConfig
from transformer import CONFIG, build

NEW, BEAMS, END = 64, 4, 7
GAINS = (1, 1.5, 2, 3, 5, 8)  # of the weights; that whose texts vary most is taken
SIZES = dict(SMALL, max_position_embeddings=96, bos_token_id=None, eos_token_id=None, pad_token_id=None)

CONFIGS = {
    "gemma3": transformers.Gemma3TextConfig(**SIZES, layer_types=["sliding_attention", "full_attention"], sliding_window=5),
    "glm4": transformers.Glm4Config(**SIZES),
    "gpt2": transformers.GPT2Config(vocab_size=19, n_positions=96, n_embd=12, n_layer=2, n_head=3, bos_token_id=None, eos_token_id=None),
    "gpt_neox": transformers.GPTNeoXConfig(
        vocab_size=19, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=96, bos_token_id=None, eos_token_id=None
    ),
    "granite": transformers.GraniteConfig(**SIZES, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.5, logits_scaling=2.0),
    "llama": transformers.LlamaConfig(**SIZES),
    "mistral": transformers.MistralConfig(**SIZES, sliding_window=6),
    "mixtral": transformers.MixtralConfig(**SIZES, num_local_experts=4),
    "olmo2": transformers.Olmo2Config(**SIZES),
    "phi3": transformers.Phi3Config(
        **{k: v for k, v in SIZES.items() if k != "head_dim"} | {"hidden_size": 16}, original_max_position_embeddings=40,
        rope_parameters={"rope_type": "longrope", "rope_theta": 100.0, "short_factor": [1.0, 1.3], "long_factor": [2.0, 5.0]},
    ),
    "qwen2": transformers.Qwen2Config(**{k: v for k, v in SIZES.items() if k != "head_dim"} | {"num_attention_heads": 3, "num_key_value_heads": 1}),
    "qwen3": transformers.Qwen3Config(**SIZES),
    "t5": transformers.T5Config(
        vocab_size=19, d_model=12, d_kv=6, d_ff=20, num_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=20,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=None,
    ),
    "transformer": OriginalConfig(**{**CONFIG, "max_positions": 96, "bos_token_id": 1, "eos_token_id": END}),
    "transformer_prenorm": OriginalConfig(**{**CONFIG, "max_positions": 96, "bos_token_id": 1, "eos_token_id": END, "pre_norm": True}),
}  # fmt: skip


def model_of(config, gain):
    """The model, its config.json, and its parameters under their names."""
    if isinstance(config, OriginalConfig):
        ours = {name: getattr(config, name) for name in CONFIG} | {"pre_norm": config.pre_norm, "bos_token_id": config.bos_token_id, "eos_token_id": END}
        model = build(ours, gain)
        return model, {"model_type": "transformer", **ours}, model.stored()
    kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    model = kind.from_config(config, attn_implementation="eager", experts_implementation="eager").double().eval()
    fill(model, gain)
    return model, json.loads(config.to_json_string()), stored_parameters(model)


def main():
    torch.set_num_threads(1)
    path = HERE / "generation.json"
    goldens = json.loads(path.read_text()) if sys.argv[1:] else {}
    for name, config in CONFIGS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        pairs = config.is_encoder_decoder
        prompts = [integers(f"prompt {i}", (1, 1 + 2 * i), config.vocab_size) for i in range(5)]

        def write(model, prompt, **how):
            common = dict(do_sample=False, max_new_tokens=NEW, pad_token_id=0, use_cache=not isinstance(model, Original))
            with torch.no_grad():
                ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), **common, **how)[0].tolist()
            return ids[1 if pairs else prompt.shape[1] :]

        def greedy(gain):
            return [write(model_of(config, gain)[0], p, eos_token_id=None) for p in prompts]

        gain = max(GAINS, key=lambda gain: sum(len(set(ids)) for ids in greedy(gain)))
        model, written, parameters = model_of(config, gain)
        goldens[name] = {
            "config": written,
            "gain": gain,
            "shapes": {n: list(p.shape) for n, p in parameters},
            "prompts": [p[0].tolist() for p in prompts],
            "greedy": greedy(gain),
            "penalized": [write(model, p, eos_token_id=None, repetition_penalty=1.3) for p in prompts[2:3]],
            "beams": [write(model, p, eos_token_id=END, num_beams=BEAMS) for p in prompts],
            "short_beams": [write(model, p, eos_token_id=END, num_beams=BEAMS, length_penalty=-0.5) for p in prompts[3:4]],
        }
        print(name, gain, *([len(set(ids)) for ids in goldens[name][how]] for how in ("greedy", "beams")), flush=True)
    lines = ",\n".join(f'"{name}": {json.dumps(golden, separators=(",", ":"))}' for name, golden in goldens.items())
    path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
