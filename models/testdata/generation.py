"""Makes generation.json: what transformers writes with a small model of each family.

Five greedy continuations of 64 tokens and five of a search with 4 beams, in float64, on
weights that are computed from their names. Made with torch 2.15.0 and transformers 5.23.0.
"""

import json

import torch
import transformers

from goldens import HERE, SMALL, fill, integers, stored_parameters

NEW, BEAMS, END = 64, 4, 7
SIZES = dict(SMALL, max_position_embeddings=96, bos_token_id=None, eos_token_id=None, pad_token_id=None)

CONFIGS = {
    "gemma3": transformers.Gemma3TextConfig(**SIZES, layer_types=["sliding_attention", "full_attention"], sliding_window=5),
    "gpt2": transformers.GPT2Config(vocab_size=19, n_positions=96, n_embd=12, n_layer=2, n_head=3, bos_token_id=None, eos_token_id=None),
    "gpt_neox": transformers.GPTNeoXConfig(
        vocab_size=19, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=96, bos_token_id=None, eos_token_id=None
    ),
    "llama": transformers.LlamaConfig(**SIZES),
    "mistral": transformers.MistralConfig(**SIZES, sliding_window=6),
    "qwen2": transformers.Qwen2Config(**{k: v for k, v in SIZES.items() if k != "head_dim"} | {"num_attention_heads": 3, "num_key_value_heads": 1}),
    "qwen3": transformers.Qwen3Config(**SIZES),
    "t5": transformers.T5Config(
        vocab_size=19, d_model=12, d_kv=6, d_ff=20, num_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=20,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=None,
    ),
}  # fmt: skip


def main():
    torch.set_num_threads(1)
    goldens = {}
    for name, config in CONFIGS.items():
        pairs = config.is_encoder_decoder
        kind = transformers.AutoModelForSeq2SeqLM if pairs else transformers.AutoModelForCausalLM
        model = kind.from_config(config, attn_implementation="eager").double().eval()
        fill(model)
        prompts = [integers(f"prompt {i}", (1, 1 + 2 * i), config.vocab_size) for i in range(5)]
        common = dict(do_sample=False, max_new_tokens=NEW, pad_token_id=0)

        def write(prompt, **how):
            with torch.no_grad():
                ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), **common, **how)[0].tolist()
            return ids[1 if pairs else prompt.shape[1] :]

        goldens[name] = {
            "config": json.loads(config.to_json_string()),
            "shapes": {n: list(p.shape) for n, p in stored_parameters(model)},
            "prompts": [p[0].tolist() for p in prompts],
            "greedy": [write(p, eos_token_id=None) for p in prompts],
            "penalized": [write(p, eos_token_id=None, repetition_penalty=1.3) for p in prompts[2:3]],
            "beams": [write(p, eos_token_id=END, num_beams=BEAMS) for p in prompts],
            "short_beams": [write(p, eos_token_id=END, num_beams=BEAMS, length_penalty=-0.5) for p in prompts[3:4]],
        }
        print(name, [len(b) for b in goldens[name]["beams"]], [len(b) for b in goldens[name]["short_beams"]], flush=True)
    lines = ",\n".join(f'"{name}": {json.dumps(golden, separators=(",", ":"))}' for name, golden in goldens.items())
    (HERE / "generation.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
