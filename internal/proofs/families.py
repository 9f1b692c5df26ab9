#!/usr/bin/env python3
"""Compares ten training steps of every family with those of transformers, from the same weights on the same tokens.

Without an argument a small model of each family is made, of odd sizes; with arguments the models in those directories are
trained. Losses must agree within 1e-4 and gradient norms within 1e-3, both relative. Run it in an environment with torch, transformers and safetensors:

    python internal/proofs/families.py [DIR ...]

The work is that of `finetune bench --init DIR`: see its help. The original Transformer is not in transformers; its twin is
PyTorch's nn.Transformer (models/testdata/original.py).
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "models" / "testdata"), str(ROOT / "internal" / "golden" / "testdata")]
from original import Original, OriginalConfig  # noqa: E402
from torch_steps import generated  # noqa: E402

STEPS, ROWS, LENGTH = 10, 4, 24
GROUPED = dict(
    vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=32
)
ENCODER = dict(vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=34)
T5 = dict(vocab_size=61, d_model=24, d_kv=6, d_ff=40, num_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=12, decoder_start_token_id=0)
ORIGINAL = dict(vocab_size=61, d_model=24, d_ff=40, encoder_layers=2, decoder_layers=1, num_heads=3, max_positions=32, dropout=0.0)
t = transformers
CONFIGS = {
    "gpt2": t.GPT2Config(vocab_size=61, n_positions=32, n_embd=24, n_layer=2, n_head=3),
    "glm4": t.Glm4Config(**GROUPED, pad_token_id=2),
    "gpt_neox": t.GPTNeoXConfig(vocab_size=61, hidden_size=48, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=32),
    "granite": t.GraniteConfig(**GROUPED, embedding_multiplier=3.0, attention_multiplier=0.3, residual_multiplier=0.5, logits_scaling=2.0),
    "llama": t.LlamaConfig(**GROUPED, attention_bias=True, mlp_bias=True),
    "mistral": t.MistralConfig(**GROUPED, sliding_window=7),
    "mixtral": t.MixtralConfig(**GROUPED, num_local_experts=5),
    "mixtral balanced": t.MixtralConfig(**GROUPED, num_local_experts=5, output_router_logits=True, router_aux_loss_coef=0.5),
    "olmo2": t.Olmo2Config(**GROUPED, pad_token_id=2, attention_bias=True),
    "phi3": t.Phi3Config(**GROUPED, pad_token_id=2, sliding_window=7, resid_pdrop=0.0),
    "phi3 long": t.Phi3Config(
        **{k: v for k, v in GROUPED.items() if k != "head_dim"}, pad_token_id=2, original_max_position_embeddings=16,
        rope_parameters={"rope_type": "longrope", "rope_theta": 100.0, "short_factor": [1.0, 1.1, 1.2], "long_factor": [2.0, 3.0, 4.0]},
    ),
    "qwen2": t.Qwen2Config(**{k: v for k, v in GROUPED.items() if k != "head_dim"}, tie_word_embeddings=True),
    "qwen3": t.Qwen3Config(**GROUPED),
    "gemma3_text": t.Gemma3TextConfig(**GROUPED, sliding_window=7, layer_types=["sliding_attention", "full_attention"], query_pre_attn_scalar=8),
    "t5": t.T5Config(**T5),
    "t5 gated": t.T5Config(**T5, feed_forward_proj="gated-gelu"),
    "transformer": OriginalConfig(**ORIGINAL),
    "transformer pre-norm": OriginalConfig(**ORIGINAL, pre_norm=True),
    "bert": t.BertConfig(**ENCODER),
    "roberta": t.RobertaConfig(**ENCODER),
    "albert": t.AlbertConfig(**ENCODER, embedding_size=12, num_hidden_groups=2),
}


def kind_of(config):
    if config.model_type in ("bert", "roberta", "albert"):
        return t.AutoModelForMaskedLM
    return t.AutoModelForSeq2SeqLM if config.is_encoder_decoder else t.AutoModelForCausalLM


def make(config, directory):
    """Writes a model of random weights."""
    torch.manual_seed(1337)
    if isinstance(config, OriginalConfig):
        model = Original(config)
        save_file({n: p.detach().clone().contiguous() for n, p in model.stored()}, directory / "model.safetensors", metadata={"format": "pt"})
        written = {name: getattr(config, name) for name in (*ORIGINAL, "pre_norm")}
        (directory / "config.json").write_text(json.dumps({"model_type": "transformer", **written}))
        return
    kind_of(config).from_config(config).save_pretrained(directory)


def load(directory):
    """The model in a directory, without dropout."""
    config = json.loads((directory / "config.json").read_text())
    if config["model_type"] == "transformer":
        model = Original(OriginalConfig(**config))
        tensors = load_file(directory / "model.safetensors")
        with torch.no_grad():
            for name, p in model.stored():
                p.copy_(tensors[name])
        return model.eval()
    config = t.AutoConfig.from_pretrained(directory)
    return kind_of(config).from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()


def more(config, ids):
    """What a family is told beside the ids."""
    if config.is_encoder_decoder:
        return {"decoder_input_ids": ids}
    if config.model_type == "roberta":  # by itself it would leave out tokens that happen to be the padding's
        return {"position_ids": torch.arange(ids.shape[1]).expand_as(ids) + config.pad_token_id + 1}
    return {}


def theirs(directory):
    """Losses and norms of PyTorch's steps."""
    model = load(directory)
    vocab = model.config.vocab_size
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8)
    tokens = generated(STEPS * ROWS * LENGTH + LENGTH + 2, vocab)
    steps = []
    for step in range(STEPS):
        starts = [((step * ROWS + b) * LENGTH) % (len(tokens) - LENGTH - 1) for b in range(ROWS)]
        ids = torch.stack([tokens[s : s + LENGTH] for s in starts])
        targets = torch.stack([tokens[s + 1 : s + LENGTH + 1] for s in starts])
        out = model(input_ids=ids, attention_mask=torch.ones_like(ids), **more(model.config, ids))
        loss = functional.cross_entropy(out.logits.flatten(0, 1), targets.flatten())
        if getattr(out, "aux_loss", None) is not None:  # of a mixture of experts that asks for it
            loss = loss + model.router_aux_loss_coef * out.aux_loss
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps.append({"loss": loss.item(), "grad_norm": norm.item()})
    return steps


def ours(program, directory):
    command = [program, "bench", "--init", directory, "--steps", STEPS, "--batch-size", ROWS, "--seq-len", LENGTH]
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()][:STEPS]


def compare(name, program, directory):
    worst = {}
    a, b = ours(program, directory), theirs(directory)
    assert len(a) == len(b) == STEPS, (len(a), len(b))
    for key in ("loss", "grad_norm"):
        worst[key] = max(abs(x[key] - y[key]) / abs(y[key]) for x, y in zip(a, b))
    print(f"{name:20}  loss {b[0]['loss']:.4f} to {b[-1]['loss']:.4f}, differs by {worst['loss']:.1e}; gradient norm by {worst['grad_norm']:.1e}", flush=True)
    return worst["loss"] <= 1e-4 and worst["grad_norm"] <= 1e-3


def main():
    t.utils.logging.set_verbosity_error()
    t.utils.logging.disable_progress_bar()
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        program = pathlib.Path(scratch, "finetune")
        subprocess.run(["go", "build", "-o", program, "./cmd/finetune"], cwd=ROOT, check=True)
        for directory in sys.argv[1:]:
            good &= compare(directory, program, pathlib.Path(directory))
        if not sys.argv[1:]:
            for name, config in CONFIGS.items():
                directory = pathlib.Path(scratch, name.replace(" ", "_"))
                directory.mkdir()
                make(config, directory)
                good &= compare(name, program, directory)
    sys.exit(not good)


if __name__ == "__main__":
    main()
