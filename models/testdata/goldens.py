"""Makes the goldens of the model families: python goldens.py [family ...]

A tiny model of each family runs in transformers, in float64, on weights that are
computed from their names (internal/golden). What it gives goes to FAMILY.json: the
configuration, the parameters' shapes and the digests of their gradients, the logits and the loss.
Made with torch 2.15.0 and transformers 5.23.0, those that say so in their configuration with 5.24.0.
"""

import json
import pathlib
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "internal" / "golden" / "testdata"))
from weights import digest, values, weight  # noqa: E402

IGNORED = -100


def integers(name, shape, below):
    n = int(torch.tensor(shape).prod())
    return torch.from_numpy(((values(name, n) + 1) / 2 * below).astype("int64")).reshape(shape)


def stored_parameters(model, of=lambda p: p):
    """The parameters, or what `of` makes of them, under the names that files give them; tied ones have the first name."""
    for name, p in model.named_parameters():
        tensor = of(p)
        if model.config.model_type == "gpt_neox" and name == "lm_head.weight":
            name = "embed_out.weight"
        if model.config.model_type == "mixtral" and ".mlp." in name:
            name = name.replace(".mlp.", ".block_sparse_moe.")
            if ".experts." in name:
                folder = name.rsplit(".", 1)[0]
                for i, expert in enumerate(tensor):
                    parts = zip(("w1", "w3"), expert.chunk(2)) if name.endswith("gate_up_proj") else [("w2", expert)]
                    for part, value in parts:
                        yield f"{folder}.{i}.{part}.weight", value
                continue
        yield name, tensor


def gradients(model):
    """The gradients under the names of their parameters."""
    return stored_parameters(model, lambda p: p.grad)


def fill(model, gain=1):
    """Gives every parameter its computed values."""
    with torch.no_grad():
        for name, p in stored_parameters(model):
            p.copy_(weight(name, tuple(p.shape), gain))


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().reshape(-1).tolist()]


def causal(config, batch=2, length=9, padding=0):
    """Runs a decoder. The last `padding` tokens of the last row are padding; then the case has segments, -1 for those."""
    config.bos_token_id = config.eos_token_id = 0
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", experts_implementation="eager").double().eval()
    fill(model)
    ids = integers("ids", (batch, length), config.vocab_size)
    targets = integers("targets", (batch, length), config.vocab_size)
    targets[0, 2] = IGNORED
    segments = torch.zeros(batch, length, dtype=torch.int64)
    if padding:
        segments[-1, -padding:] = -1
        targets[-1, -padding:] = IGNORED
    out = model(ids, attention_mask=segments + 1 if padding else None)
    logits = out.logits
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=IGNORED)
    if getattr(out, "aux_loss", None) is not None:
        loss = loss + model.router_aux_loss_coef * out.aux_loss
    loss.backward()
    return {
        "config": json.loads(config.to_json_string()),
        **({"segments": segments.tolist()} if padding else {}),
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p)} for n, p in gradients(model)},
        "logits": rounded(logits),
        "loss": loss.item(),
    }


def seq2seq(config, batch=2, sources=7, length=5, untied=False):
    model = transformers.AutoModelForSeq2SeqLM.from_config(config, attn_implementation="eager").double().eval()
    if untied:  # transformers does so only where it loads a head of its own
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        config.tie_word_embeddings = False
    fill(model)
    source = integers("source", (batch, sources), config.vocab_size)
    segments = torch.zeros(batch, sources, dtype=torch.int64)
    segments[1, -2:] = -1
    ids = integers("ids", (batch, length), config.vocab_size)
    targets = integers("targets", (batch, length), config.vocab_size)
    targets[0, 2] = IGNORED
    logits = model(input_ids=source, attention_mask=segments + 1, decoder_input_ids=ids).logits
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=IGNORED)
    loss.backward()
    return {
        "config": json.loads(config.to_json_string()),
        "source": source.tolist(),
        "segments": segments.tolist(),
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "parameters": {n: {"shape": list(p.shape), "gradient": digest(n, p)} for n, p in gradients(model)},
        "logits": rounded(logits),
        "loss": loss.item(),
    }


def gpt2(**changes):
    base = dict(vocab_size=19, n_positions=12, n_embd=12, n_layer=2, n_head=3, bos_token_id=0, eos_token_id=0)
    return causal(transformers.GPT2Config(**{**base, **changes}))


SMALL = dict(vocab_size=19, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=16, head_dim=4)


def llama(config=transformers.LlamaConfig, padding=0, **changes):
    return causal(config(**{k: v for k, v in {**SMALL, **changes}.items() if v is not None}), padding=padding)


def scaled(kind, **more):
    return {"rope_type": kind, "rope_theta": 1000.0, "factor": 4.0, **more}


def neox(**changes):
    base = dict(vocab_size=19, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=16)
    return causal(transformers.GPTNeoXConfig(**{**base, **changes}))


def t5(**changes):
    base = dict(
        vocab_size=19,
        d_model=12,
        d_kv=6,
        d_ff=20,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=6,
        decoder_start_token_id=0,
    )
    config = transformers.T5Config(**{**base, **changes})
    return seq2seq(config, untied=not config.scale_decoder_outputs)


FACTORS = {"rope_type": "longrope", "rope_theta": 100.0, "short_factor": [1.0, 1.3], "long_factor": [2.0, 5.0]}

FAMILIES = {
    "gemma3": lambda: llama(
        transformers.Gemma3TextConfig,
        num_hidden_layers=3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        sliding_window=3,
        query_pre_attn_scalar=7,
        pad_token_id=16,
        final_logit_softcapping=3.0,
    ),
    "gemma3_untied": lambda: llama(
        transformers.Gemma3TextConfig,
        num_attention_heads=3,
        num_key_value_heads=1,
        layer_types=["full_attention", "sliding_attention"],
        sliding_window=2,
        query_pre_attn_scalar=5,
        attention_bias=True,
        attn_logit_softcapping=2.0,
        tie_word_embeddings=False,
    ),
    "glm4": lambda: llama(transformers.Glm4Config, pad_token_id=16, head_dim=8),
    "glm4_tied": lambda: llama(
        transformers.Glm4Config, pad_token_id=16, num_attention_heads=3, num_key_value_heads=1, attention_bias=False, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100.0, "partial_rotary_factor": 1.0},
    ),
    "gpt2": lambda: gpt2(),
    "gpt_neox": lambda: neox(rope_parameters={"rope_type": "default", "rope_theta": 100.0, "partial_rotary_factor": 0.5}),
    "gpt_neox_serial": lambda: neox(use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new", tie_word_embeddings=True),
    "granite": lambda: llama(
        transformers.GraniteConfig, head_dim=6, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.5, logits_scaling=2.0, attention_bias=True, mlp_bias=True
    ),
    "granite_tied": lambda: llama(transformers.GraniteConfig, head_dim=None, num_attention_heads=3, num_key_value_heads=1, embedding_multiplier=12, residual_multiplier=0.22, tie_word_embeddings=True),
    "llama": lambda: llama(tie_word_embeddings=True),
    "llama_bias": lambda: llama(attention_bias=True, mlp_bias=True, num_key_value_heads=4, rope_parameters=scaled("linear")),
    "llama_llama3": lambda: llama(
        num_key_value_heads=1, rope_parameters=scaled("llama3", low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8), head_dim=8
    ),
    "llama_yarn": lambda: llama(rope_parameters={**scaled("yarn", original_max_position_embeddings=8, beta_fast=2.0), "factor": 2.0}, head_dim=8),
    "llama_dynamic": lambda: llama(rope_parameters=scaled("dynamic"), max_position_embeddings=6, head_dim=8),
    "mixtral": lambda: llama(transformers.MixtralConfig, num_local_experts=5, num_experts_per_tok=2, head_dim=6),
    "mixtral_balance": lambda: llama(
        transformers.MixtralConfig,
        padding=3,
        num_local_experts=3,
        num_experts_per_tok=1,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=None,
        tie_word_embeddings=True,
        output_router_logits=True,
        router_aux_loss_coef=0.3,
    ),
    "mistral": lambda: llama(transformers.MistralConfig, sliding_window=4, head_dim=6),
    "mistral_tied": lambda: llama(transformers.MistralConfig, num_attention_heads=3, num_key_value_heads=1, head_dim=None, sliding_window=None, tie_word_embeddings=True),
    "olmo2": lambda: llama(transformers.Olmo2Config, pad_token_id=16, head_dim=6, attention_bias=True, rope_parameters=scaled("linear")),
    "olmo2_tied": lambda: llama(transformers.Olmo2Config, pad_token_id=16, head_dim=None, num_attention_heads=3, num_key_value_heads=1, tie_word_embeddings=True),
    "phi3": lambda: llama(transformers.Phi3Config, pad_token_id=16, head_dim=6, sliding_window=4, partial_rotary_factor=0.7, rope_parameters={"rope_theta": 100.0}),
    "phi3_short": lambda: llama(transformers.Phi3Config, pad_token_id=16, head_dim=None, hidden_size=16, original_max_position_embeddings=9, rope_parameters=FACTORS),
    "phi3_long": lambda: llama(
        transformers.Phi3Config, pad_token_id=16, head_dim=None, hidden_size=16, num_key_value_heads=4, original_max_position_embeddings=5, rope_parameters=FACTORS,
        tie_word_embeddings=True,
    ),
    "qwen2": lambda: llama(
        transformers.Qwen2Config,
        use_sliding_window=True,
        sliding_window=3,
        max_window_layers=1,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=None,
        tie_word_embeddings=True,
        pad_token_id=11,
    ),
    "qwen2_untied": lambda: llama(transformers.Qwen2Config, num_attention_heads=2, num_key_value_heads=2, head_dim=None, tie_word_embeddings=False),
    "qwen3": lambda: llama(transformers.Qwen3Config, hidden_act="gelu_pytorch_tanh"),
    "qwen3_tied": lambda: llama(transformers.Qwen3Config, num_attention_heads=3, num_key_value_heads=1, attention_bias=True, tie_word_embeddings=True),
    "t5": lambda: t5(),
    "t5_gated": lambda: t5(feed_forward_proj="gated-gelu", num_decoder_layers=1, tie_word_embeddings=False),
    "gpt2_untied": lambda: gpt2(tie_word_embeddings=False, n_inner=20, activation_function="gelu", scale_attn_by_inverse_layer_idx=True),
}


def main():
    for name in sys.argv[1:] or FAMILIES:
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(FAMILIES[name](), separators=(",", ":")) + "\n")
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
