#!/usr/bin/env python3
"""Compares directories in every form that transformers has written or reads with transformers itself: logits, and whether they load.

A small model of each family is saved by transformers, and its config.json and tensors are brought into other forms: rotary settings in
their three places, other names, nulls, missing fields, lists, byte order marks, models without heads or prefixes, folders of
sentence-transformers. What transformers loads must give the same logits here, within 2e-5. What it refuses may be read here, and is
counted apart. Run it in an environment with torch, transformers and safetensors:

    python internal/proofs/configs.py [PART-OF-A-NAME]
"""

import collections
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers as t
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOLERANCE = 2e-5
SMALL = dict(
    vocab_size=31, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
    max_position_embeddings=16, initializer_range=0.3,
)
PLAIN = {k: v for k, v in SMALL.items() if k not in ("head_dim", "num_key_value_heads")}
NO_HEAD_DIM = {k: v for k, v in SMALL.items() if k != "head_dim"}
T5 = dict(vocab_size=31, d_model=24, d_kv=6, d_ff=40, num_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=12, decoder_start_token_id=0)
BASES = {  # configuration, class that is saved
    "gpt2": (t.GPT2Config(vocab_size=31, n_positions=32, n_embd=24, n_layer=2, n_head=3, initializer_range=0.3), t.AutoModelForCausalLM),
    "glm4": (t.Glm4Config(**SMALL, pad_token_id=0), t.AutoModelForCausalLM),
    "gpt_neox": (t.GPTNeoXConfig(**{**PLAIN, "hidden_size": 48}), t.AutoModelForCausalLM),
    "granite": (t.GraniteConfig(**SMALL, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.5, logits_scaling=2.0), t.AutoModelForCausalLM),
    "llama": (t.LlamaConfig(**SMALL), t.AutoModelForCausalLM),
    "mistral": (t.MistralConfig(**SMALL, sliding_window=5), t.AutoModelForCausalLM),
    "mixtral": (t.MixtralConfig(**SMALL, num_local_experts=4), t.AutoModelForCausalLM),
    "olmo2": (t.Olmo2Config(**SMALL, pad_token_id=0), t.AutoModelForCausalLM),
    "phi3": (t.Phi3Config(**NO_HEAD_DIM, pad_token_id=0, original_max_position_embeddings=12), t.AutoModelForCausalLM),
    "qwen2": (t.Qwen2Config(**NO_HEAD_DIM), t.AutoModelForCausalLM),
    "qwen3": (t.Qwen3Config(**SMALL), t.AutoModelForCausalLM),
    "gemma3_text": (t.Gemma3TextConfig(**SMALL, sliding_window=5, query_pre_attn_scalar=8), t.AutoModelForCausalLM),
    "t5": (t.T5Config(**T5), t.AutoModelForSeq2SeqLM),
    "bert": (t.BertConfig(**PLAIN), t.AutoModelForMaskedLM),
    "roberta": (t.RobertaConfig(**{**PLAIN, "max_position_embeddings": 34}), t.AutoModelForMaskedLM),
    "albert": (t.AlbertConfig(**PLAIN, embedding_size=12, num_hidden_groups=2), t.AutoModelForMaskedLM),
}
ENCODERS = ("bert", "roberta", "albert")
TURNED = ("granite", "llama", "mistral", "mixtral", "olmo2", "qwen2", "qwen3")  # families whose rotary settings are in the three places

Variant = collections.namedtuple("Variant", "name config tensors layout loader lengths", defaults=(None, (9,)))


def saved(config, loader, scratch):
    """The config.json and the tensors that transformers writes for a new model."""
    torch.manual_seed(7)
    model = loader.from_config(config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:  # norms and biases begin as ones and zeros
                p.add_(0.1 * torch.randn_like(p))
    directory = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    model.save_pretrained(directory)
    return json.loads((directory / "config.json").read_text()), load_file(directory / "model.safetensors")


def changed(config, **fields):
    """The configuration with fields that a form has; a value of Ellipsis leaves a field out."""
    config = copy.deepcopy(config)
    for name, value in fields.items():
        config.pop(name, None)
        if value is not ...:
            config[name] = value
    return config


def without(tensors, prefix):
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def common(family, config, tensors):
    """Forms that all families have."""
    yield "as saved", config, tensors, "plain"
    yield "byte order mark", config, tensors, "mark"
    yield "CRLF", config, tensors, "crlf"
    yield "no architectures", changed(config, architectures=...), tensors, "plain"
    yield "architectures null", changed(config, architectures=None), tensors, "plain"
    yield "torch_dtype", changed(config, dtype=..., torch_dtype="float32"), tensors, "plain"
    yield "torch_dtype of another type", changed(config, torch_dtype="bfloat16"), tensors, "plain"
    yield "no dtype", changed(config, dtype=..., torch_dtype=None), tensors, "plain"
    yield "ends in a list", changed(config, eos_token_id=[3, 5]), tensors, "plain"
    yield "no ends", changed(config, eos_token_id=..., bos_token_id=..., pad_token_id=...), tensors, "plain"
    yield "ends null", changed(config, eos_token_id=None, bos_token_id=None), tensors, "plain"
    yield "old fields", changed(
        config, _name_or_path="x", transformers_version="2.3.0", torchscript=False, num_beams=1, finetuning_task=None, pruned_heads={},
        output_past=True, task_specific_params={"summarization": {"num_beams": 4}}, is_encoder_decoder=config.get("is_encoder_decoder", False), use_cache=True,
    ), tensors, "plain"
    defaults = type(BASES[family][0])().to_dict()
    yield "no defaults", {k: v for k, v in config.items() if k in ("model_type", "architectures") or k not in defaults or defaults[k] != v}, tensors, "plain"
    yield "labels null", changed(config, id2label=None, label2id=None, num_labels=2), tensors, "plain"
    yield "sentence-transformers", config, tensors, "root"
    names = {v: k for k, v in type(BASES[family][0]).attribute_map.items()}
    if names:
        yield "other names", {names.get(k, k): v for k, v in config.items()}, tensors, "plain"
        yield "both names", {**{k: 1 if k in names and isinstance(v, int) and family != "t5" else v for k, v in config.items()}, **{names[k]: v for k, v in config.items() if k in names}}, tensors, "plain"


def rotary(family, config, tensors):
    """Places and kinds of rotary settings."""
    base = changed(config, rope_parameters=..., rope_theta=..., rope_scaling=...)
    linear = {"type": "linear", "factor": 2.0}
    kinds = {
        "linear": {"factor": 2.0},
        "dynamic": {"factor": 4.0},
        "yarn": {"factor": 2.0, "original_max_position_embeddings": 8},
        "yarn without a length": {"factor": 4.0},
        "yarn with an attention factor": {"factor": 2.0, "original_max_position_embeddings": 8, "attention_factor": 1.3},
        "yarn with scales": {"factor": 4.0, "original_max_position_embeddings": 4, "mscale": 0.7, "mscale_all_dim": 1.2},
        "yarn with betas": {"factor": 4.0, "original_max_position_embeddings": 4, "beta_fast": 16, "beta_slow": 2},
        "yarn with nulls": {"factor": 4.0, "original_max_position_embeddings": 4, "beta_fast": None, "beta_slow": None, "attention_factor": None},
        "yarn not truncated": {"factor": 4.0, "original_max_position_embeddings": 4, "truncate": False},
        "yarn without a factor": {"factor": None, "original_max_position_embeddings": 4},
        "llama3": {"factor": 4.0, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8},
        "llama3 without a length": {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_theta": 500.0},
        "longrope": {"short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [2.0, 3.0, 4.0, 5.0], "original_max_position_embeddings": 12},
        "longrope with factors": {"short_factor": [1, 1, 1, 1], "long_factor": [2, 3, 4, 5], "original_max_position_embeddings": 12, "factor": 4.0, "attention_factor": 1.2},
    }
    if config.get("head_dim", 6) != 8:
        kinds = {k: {**v, **{n: v[n][:3] for n in ("short_factor", "long_factor") if n in v}} for k, v in kinds.items()}
    yield "no rotary settings", base, tensors, "plain"
    yield "theta", changed(base, rope_theta=500), tensors, "plain"
    yield "theta in rope_parameters", changed(base, rope_parameters={"rope_theta": 500.0, "rope_type": "default"}), tensors, "plain"
    yield "rope_parameters without a kind", changed(base, rope_parameters={"rope_theta": 500.0}), tensors, "plain"
    yield "theta beside rope_parameters", changed(base, rope_parameters={"rope_type": "default"}, rope_theta=500.0), tensors, "plain"
    yield "theta in and beside rope_parameters", changed(base, rope_parameters={"rope_type": "default", "rope_theta": 300.0}, rope_theta=500.0), tensors, "plain"
    yield "theta in rope_scaling", changed(base, rope_scaling={**linear, "rope_theta": 500.0}), tensors, "plain"
    yield "theta beside rope_scaling", changed(base, rope_scaling=linear, rope_theta=500.0), tensors, "plain"
    yield "both places", changed(base, rope_scaling={**linear, "rope_theta": 300.0}, rope_parameters={"rope_type": "default", "rope_theta": 700.0}, rope_theta=500.0), tensors, "plain"
    yield "both places, the first empty", changed(base, rope_scaling={}, rope_parameters={"rope_type": "linear", "factor": 3.0, "rope_theta": 700.0}), tensors, "plain"
    yield "rope_scaling null", changed(base, rope_scaling=None, rope_theta=500.0), tensors, "plain"
    yield "rope_parameters null", changed(base, rope_parameters=None, rope_theta=500.0), tensors, "plain"
    yield "two names of a kind", changed(base, rope_scaling={"type": "dynamic", "rope_type": "linear", "factor": 2.0}), tensors, "plain"
    yield "a part beside them", changed(base, rope_theta=500.0, partial_rotary_factor=0.5), tensors, "plain"
    for kind, more in kinds.items():
        name = kind.split()[0]
        yield f"{kind} in rope_parameters", changed(base, rope_parameters={"rope_type": name, "rope_theta": 500.0, **more}), tensors, "plain"
        yield f"{kind} in rope_scaling", changed(base, rope_scaling={"type": name, **more}, rope_theta=500.0), tensors, "plain"
    yield "a length beside yarn", changed(base, rope_scaling={"type": "yarn", "factor": 4.0}, rope_theta=500.0, original_max_position_embeddings=4), tensors, "plain"
    yield "no grouped heads", changed(config, num_key_value_heads=None), tensors, "plain"


def special(family, config, tensors):
    """Forms of single families."""
    if family == "gpt_neox":
        base = changed(config, rope_parameters=...)
        yield "older fields", changed(base, rotary_pct=0.5, rotary_emb_base=500), tensors, "plain"
        yield "a part only", changed(base, rotary_pct=0.5), tensors, "plain"
        yield "parameters without a part", changed(base, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, rotary_pct=0.5), tensors, "plain"
        yield "parameters without a theta", changed(base, rope_parameters={"rope_type": "default", "partial_rotary_factor": 0.5}, rotary_emb_base=500), tensors, "plain"
        yield "old scaling", changed(base, rope_scaling={"type": "linear", "factor": 2.0}, rotary_pct=0.5, rotary_emb_base=500), tensors, "plain"
        yield "dynamic scaling", changed(base, rope_scaling={"type": "dynamic", "factor": 4.0}, rotary_pct=0.5), tensors, "plain"
        yield "a theta that doesn't count", changed(base, rope_theta=77.0), tensors, "plain"
    if family == "gemma3_text":
        base = changed(config, rope_parameters=...)
        yield "no rotary settings", base, tensors, "plain"
        yield "older fields", changed(base, rope_theta=5000.0, rope_local_base_freq=300.0), tensors, "plain"
        yield "old scaling", changed(base, rope_theta=5000.0, rope_local_base_freq=300.0, rope_scaling={"rope_type": "linear", "factor": 4.0}), tensors, "plain"
        yield "one kind", changed(base, rope_parameters={"full_attention": {"rope_type": "linear", "factor": 4.0}}, rope_local_base_freq=300.0), tensors, "plain"
        yield "a kind that is null", changed(base, rope_parameters={"full_attention": None, "sliding_attention": {"rope_type": "default", "rope_theta": 77.0}}), tensors, "plain"
        yield "kinds without a theta", changed(base, rope_parameters={"full_attention": {"rope_type": "default"}, "sliding_attention": {}}, rope_theta=777.0), tensors, "plain"
        yield "both places", changed(base, rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 700.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}}, rope_scaling={"rope_type": "linear", "factor": 4.0}), tensors, "plain"
        yield "a pattern", changed(base, layer_types=..., sliding_window_pattern=2), tensors, "plain"
        yield "no kinds of layers", changed(base, layer_types=None), tensors, "plain"
        yield "kinds of layers", changed(base, layer_types=["full_attention", "sliding_attention"]), tensors, "plain"
        yield "a cap on logits", changed(config, final_logit_softcapping=2.0, attn_logit_softcapping=3.0), tensors, "plain"
    if family in ("mistral", "mixtral"):
        yield "no window", changed(config, sliding_window=None), tensors, "plain"
        yield "another window", changed(config, sliding_window=3), tensors, "plain"
    if family == "mistral":
        yield "kinds of layers", changed(config, layer_types=["full_attention", "sliding_attention"]), tensors, "plain"
    if family in ("qwen2", "qwen3"):
        yield "a window that isn't used", changed(config, sliding_window=3, use_sliding_window=False, layer_types=..., max_window_layers=0), tensors, "plain"
        yield "a window from a layer on", changed(config, sliding_window=3, use_sliding_window=True, layer_types=..., max_window_layers=1), tensors, "plain"
        yield "a window in all layers", changed(config, sliding_window=3, use_sliding_window=True, layer_types=None, max_window_layers=0), tensors, "plain"
        yield "kinds of layers", changed(config, sliding_window=3, use_sliding_window=True, layer_types=["sliding_attention", "full_attention"]), tensors, "plain"
    if family == "phi3":
        factors = {"short_factor": [1.0, 1.1, 1.2], "long_factor": [2.0, 3.0, 4.0]}
        for kind in ("longrope", "su", "yarn"):
            yield f"{kind} in rope_scaling", changed(config, rope_parameters=..., rope_scaling={"type": kind, **factors}, rope_theta=500.0), tensors, "plain"
            yield f"{kind} in rope_parameters", changed(config, rope_parameters={"rope_type": kind, **factors, "rope_theta": 500.0}), tensors, "plain"
        yield "longrope by a factor", changed(config, rope_parameters={"rope_type": "longrope", **factors, "factor": 4.0}), tensors, "plain"
        yield "a part", changed(config, rope_parameters=..., partial_rotary_factor=0.5), tensors, "plain"
        yield "a part in rope_parameters", changed(config, rope_parameters={"partial_rotary_factor": 0.75}, rope_theta=500.0), tensors, "plain"
        yield "a window", changed(config, sliding_window=3), tensors, "plain"
        yield "theta", changed(config, rope_parameters=..., rope_scaling=None, rope_theta=500.0), tensors, "plain"
    if family == "glm4":
        base = changed(config, rope_parameters=...)
        yield "no rotary settings", base, tensors, "plain"
        yield "older fields", changed(base, rope_theta=500.0, partial_rotary_factor=0.25), tensors, "plain"
        yield "a part beside rope_parameters", changed(base, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, partial_rotary_factor=1.0), tensors, "plain"
        yield "scaling", changed(base, rope_scaling={"type": "linear", "factor": 2.0}, rope_theta=500.0), tensors, "plain"
        yield "yarn", changed(base, rope_scaling={"type": "yarn", "factor": 2.0, "original_max_position_embeddings": 8}, rope_theta=500.0), tensors, "plain"
    if family == "t5":
        head = {**tensors, "lm_head.weight": 0.1 * torch.randn(31, 24, generator=torch.Generator().manual_seed(3))}
        yield "a head of its own", changed(config, tie_word_embeddings=False, scale_decoder_outputs=...), head, "plain"
        yield "not tied, without a head", changed(config, tie_word_embeddings=False, scale_decoder_outputs=...), tensors, "plain"
        yield "states that aren't scaled", changed(config, scale_decoder_outputs=False), tensors, "plain"
        yield "an activation beside", changed(config, feed_forward_proj="relu", dense_act_fn="gelu_new"), tensors, "plain"
        yield "no layers of the decoder", changed(config, num_decoder_layers=None), tensors, "plain"
        yield "copies of the table", config, {**tensors, "encoder.embed_tokens.weight": tensors["shared.weight"].clone(), "decoder.embed_tokens.weight": tensors["shared.weight"].clone()}, "plain"
    if family == "gpt2":
        yield "a head beside the table", config, {**tensors, "lm_head.weight": tensors["transformer.wte.weight"].clone()}, "plain"
        yield "masks", config, {**tensors, "transformer.h.0.attn.bias": torch.ones(1, 1, 32, 32), "transformer.h.0.attn.masked_bias": torch.tensor(-1e4)}, "plain"
        for name in ("relu", "gelu", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate", "silu", "swish", "tanh"):
            yield f"activation {name}", changed(config, activation_function=name), tensors, "plain"
        yield "inner width", changed(config, n_inner=96), tensors, "plain"
        yield "scores by layer", changed(config, scale_attn_by_inverse_layer_idx=True), tensors, "plain"
    if family in ENCODERS:
        old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for n, v in tensors.items()}
        yield "old names of norms", config, old, "plain"


def bodies(family, config, scratch):
    """Models without a head, and with the heads of encoders."""
    heads = {"no head": t.AutoModel}
    if family in ENCODERS:
        heads.update(sequence=t.AutoModelForSequenceClassification, token=t.AutoModelForTokenClassification)
    if family == "t5":
        heads = {"the encoder alone": t.T5EncoderModel}
    for name, loader in heads.items():
        if loader is t.T5EncoderModel:
            loader = type("Loader", (), {"from_config": staticmethod(t.T5EncoderModel), "from_pretrained": staticmethod(t.T5EncoderModel.from_pretrained)})
        written, tensors = saved(config, loader, scratch)
        prefix = {"gpt2": "transformer.", "gpt_neox": "gpt_neox.", "bert": "bert.", "roberta": "roberta.", "albert": "albert.", "t5": ""}.get(family, "model.")
        if written.get("tie_word_embeddings") and family not in ENCODERS and family != "t5":  # the table is the head
            loader = t.AutoModelForCausalLM
        yield Variant(f"{name}", written, tensors, "plain", loader)
        yield Variant(f"{name}, no architectures", changed(written, architectures=...), tensors, "plain", loader)
        yield Variant(f"{name}, below a folder of sentence-transformers", written, tensors, "folder", loader)
        if prefix and name == "no head":
            yield Variant(f"{name}, with the prefix", written, {prefix + n: v for n, v in tensors.items()}, "plain", loader)
            yield Variant(f"{name}, with the prefix, no architectures", changed(written, architectures=...), {prefix + n: v for n, v in tensors.items()}, "plain", loader)


def variants(family, scratch):
    config, loader = BASES[family]
    written, tensors = saved(config, loader, scratch)
    forms = [common, special] + ([rotary] if family in TURNED else [])
    for forms_of in forms:
        for name, c, w, layout in forms_of(family, written, tensors):
            if name == "no grouped heads":
                c, w = saved(changed_config(config, num_key_value_heads=4), loader, scratch)
                c = changed(c, num_key_value_heads=None)
            if name == "inner width":
                c2, w = saved(changed_config(config, n_inner=96), loader, scratch)
            lengths = (9, 14, 30) if "dynamic" in name else (9, 14)
            yield Variant(name, c, w, layout, loader, lengths)
    prefix = {"gpt2": "transformer.", "gpt_neox": "gpt_neox.", "bert": "bert.", "roberta": "roberta.", "albert": "albert.", "t5": ""}.get(family, "model.")
    if prefix:
        yield Variant("no prefix beside the head", written, without(tensors, prefix), "plain", loader)
    yield from bodies(family, config, scratch)
    if family not in ENCODERS and family not in ("gpt2", "t5"):
        tied = changed_config(config, tie_word_embeddings=not config.tie_word_embeddings)
        c, w = saved(tied, loader, scratch)
        yield Variant("tied otherwise", c, w, "plain", loader)
        yield from (v._replace(name=v.name + ", tied otherwise") for v in bodies(family, tied, scratch))


def changed_config(config, **fields):
    return type(config)(**{**config.to_dict(), **fields})


def write(variant, scratch):
    """Writes a directory; returns it and the folder that transformers reads."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    folder = directory
    if variant.layout in ("root", "folder"):
        path = "" if variant.layout == "root" else "0_Transformer"
        modules = [{"idx": 0, "name": "0", "path": path, "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        (directory / "modules.json").write_text(json.dumps(modules))
        (directory / "config_sentence_transformers.json").write_text("{}")
        folder = directory / path
        folder.mkdir(exist_ok=True)
    text = json.dumps(variant.config, indent=2)
    if variant.layout == "crlf":
        text = text.replace("\n", "\r\n")
    data = text.encode()
    (folder / "config.json").write_bytes(b"\xef\xbb\xbf" + data if variant.layout == "mark" else data)
    save_file({n: v.contiguous() for n, v in variant.tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    if variant.layout in ("mark",):  # which Python's json refuses
        reference = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        (reference / "config.json").write_bytes(data)
        save_file({n: v.contiguous() for n, v in variant.tensors.items()}, reference / "model.safetensors", metadata={"format": "pt"})
        return directory, reference
    return directory, folder


def theirs(folder, loader, ids):
    model = loader.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    more = {}
    if getattr(model.config, "is_encoder_decoder", False) and not isinstance(model, t.T5EncoderModel):
        more["decoder_input_ids"] = ids
    if model.config.model_type == "roberta":
        more["position_ids"] = torch.arange(ids.shape[1]).expand_as(ids) + (model.config.pad_token_id or 0) + 1
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids), **more)
    return (out.logits if "logits" in out else out.last_hidden_state).flatten()


def main():
    t.utils.logging.set_verbosity(50)
    t.utils.logging.disable_progress_bar()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    counts, bad = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as scratch:
        program = pathlib.Path(scratch, "logits")
        subprocess.run(["go", "build", "-o", program, "./models/internal/logits"], cwd=ROOT, check=True)
        for family in BASES:
            for variant in variants(family, scratch):
                name = f"{family}: {variant.name}"
                if wanted not in name:
                    continue
                directory, folder = write(variant, scratch)
                for length in variant.lengths:
                    ids = torch.randint(4, 31, (2, length), generator=torch.Generator().manual_seed(length))
                    try:
                        want = theirs(folder, variant.loader, ids)
                    except Exception as error:  # noqa: BLE001: whatever refuses it
                        want = error
                    got = subprocess.run([program, directory], input=json.dumps(ids.tolist()), capture_output=True, text=True)
                    if isinstance(want, Exception):
                        counts["refused by transformers, " + ("refused here too" if got.returncode else "read here")] += 1
                        if wanted:
                            print(f"{name}: {type(want).__name__} {str(want)[:300]}; here {got.stderr.strip()[:200]}")
                        continue
                    if got.returncode:
                        problem = got.stderr.strip()[:300]
                    else:
                        ours = torch.tensor(json.loads(got.stdout))
                        off = float((ours - want).abs().max()) if ours.shape == want.shape else float("inf")
                        problem = "" if off <= TOLERANCE * max(1, float(want.abs().max())) else f"logits differ by {off:.3g} of {float(want.abs().max()):.3g}"
                    counts["right" if not problem else "wrong"] += 1
                    if problem:
                        bad += 1
                        print(f"{name}, {length} tokens: {problem}", flush=True)
                counts["directories"] += 1
    print(", ".join(f"{k}: {v}" for k, v in sorted(counts.items())))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
