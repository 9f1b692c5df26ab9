"""Makes gguf.json: how llama.cpp's converter stores tiny models of each family.

Usage: python gguf.py DIRECTORY, a checkout of llama.cpp with convert_hf_to_gguf.py (llama-cpp-python's source has its files).
The models' weights are those of goldens.py. Kept of each file are the metadata of its architecture, and of each tensor the shape and a digest.
"""

import json
import pathlib
import sys
import tempfile

import torch
import transformers

from goldens import HERE, fill
from weights import digest

sys.path.insert(0, sys.argv[1])
import conversion  # noqa: E402
import gguf  # noqa: E402

PLAIN = dict(vocab_size=19, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=16)
GROUPED = dict(PLAIN, num_attention_heads=4, num_key_value_heads=2, head_dim=6)


def models():
    t = transformers
    yield "llama", t.LlamaConfig(**GROUPED, tie_word_embeddings=False, attention_bias=False)
    scaled = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
    yield "llama3", t.LlamaConfig(**dict(GROUPED, head_dim=16, max_position_embeddings=131072), tie_word_embeddings=True, rope_parameters=scaled)
    yield "mistral", t.MistralConfig(**GROUPED, sliding_window=None)
    yield "mixtral", t.MixtralConfig(**GROUPED, num_local_experts=3)
    yield "qwen2", t.Qwen2Config(**dict({k: v for k, v in GROUPED.items() if k != "head_dim"}, hidden_size=16), tie_word_embeddings=False)
    yarn = dict(rope_type="yarn", rope_theta=1e6, factor=4.0, original_max_position_embeddings=4)
    yield "qwen3", t.Qwen3Config(**GROUPED, tie_word_embeddings=True, rope_parameters=yarn)
    yield "olmo2", t.Olmo2Config(**{k: v for k, v in GROUPED.items() if k != "head_dim"} | {"hidden_size": 16})
    yield "phi3", t.Phi3Config(**{k: v for k, v in GROUPED.items() if k != "head_dim"} | {"hidden_size": 16, "pad_token_id": 0, "sliding_window": 7})
    long = dict(rope_type="longrope", rope_theta=10000.0, long_factor=[2.0, 3.5], short_factor=[1.0, 1.25], original_max_position_embeddings=8)
    yield "phi3_long", t.Phi3Config(**{k: v for k, v in GROUPED.items() if k != "head_dim"} | {"hidden_size": 16, "pad_token_id": 0, "original_max_position_embeddings": 8}, rope_parameters=long)
    yield "gemma3", t.Gemma3TextConfig(**dict(GROUPED, num_hidden_layers=7), query_pre_attn_scalar=6, sliding_window=5)
    yield "gpt2", t.GPT2Config(vocab_size=19, n_positions=12, n_ctx=12, n_embd=12, n_layer=2, n_head=3)
    yield "gptneox", t.GPTNeoXConfig(**PLAIN, rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5))
    yield "bert", t.BertConfig(**PLAIN)


def main():
    out = {}
    for name, config in models():
        config.bos_token_id = config.eos_token_id = 0
        maker = transformers.AutoModel if name == "bert" else transformers.AutoModelForCausalLM
        model = maker.from_config(config).float().eval()
        fill(model)
        with tempfile.TemporaryDirectory() as d:
            d = pathlib.Path(d)
            model.save_pretrained(d)
            saved = json.loads((d / "config.json").read_text())
            (d / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {str(i): i for i in range(19)}}, "added_tokens": []}))
            kind = conversion.get_model_class(saved["architectures"][0])
            kind.set_vocab = lambda self: None
            path = d / "x.gguf"
            converter = kind(d, gguf.LlamaFileType.ALL_F32, path)
            converter.hparams |= {"rotary_pct": 0.5} if name == "gptneox" else {"n_ctx": 12} if name == "gpt2" else {}  # as older files have them
            converter.write()
            read = gguf.GGUFReader(path)
            arch = read.get_field("general.architecture").contents()
            meta = {k: f.contents() for k, f in read.fields.items() if k.startswith(arch + ".")}
            tensors = {x.name: {"shape": x.shape.tolist()[::-1], "digest": digest(x.name, torch.from_numpy(x.data.copy()).double())} for x in read.tensors}
            out[name] = {"arch": arch, "config": saved, "meta": meta, "tensors": tensors,
                         "parameters": {n: list(p.shape) for n, p in parameters(model)}}
    (HERE / "gguf.json").write_text(json.dumps(out, separators=(",", ":"), sort_keys=True) + "\n")


def parameters(model):
    from goldens import stored_parameters
    return stored_parameters(model)


main()
