"""Makes the goldens of adapters: python peft_goldens.py [case ...]

peft puts adapters on tiny models of transformers, in float64. The weights of both are computed from their names (internal/golden),
those of adapters from the names in the file without "base_model.model.". What comes out goes to CASE.json: the model's configuration,
adapter_config.json, the parameters' shapes, the digests of the adapter's gradients, the logits and the loss.
Made with torch 2.15.0, transformers 5.24.0 and peft 0.21.2.
"""

import json
import pathlib
import sys
import tempfile
import warnings

import peft
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "models" / "testdata"))
from goldens import IGNORED, SMALL, digest, fill, integers, rounded, stored_parameters, weight  # noqa: E402

warnings.simplefilter("ignore")
PREFIX = "base_model.model."
BATCH, LENGTH = 2, 9


def saved_name(name, prompt=False):
    """The name in the file, without the prefix, of a parameter of peft's model."""
    if name.startswith("prompt_encoder."):
        return "prompt_embeddings"
    name = name.removeprefix("base_model." if prompt else PREFIX).replace(".modules_to_save.default", "").replace(".default", "")
    return name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector")


def run(config, method, kind=transformers.AutoModelForCausalLM, **settings):
    classifies = kind is transformers.AutoModelForSequenceClassification
    pair = kind is transformers.AutoModelForSeq2SeqLM
    model = kind.from_config(config, attn_implementation="eager", **settings).double().eval()
    fill(model)
    shapes = {n: list(p.shape) for n, p in stored_parameters(model)}
    adapted = peft.get_peft_model(model, method)
    trained = {saved_name(n, method.is_prompt_learning): p for n, p in adapted.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, p in trained.items():
            p.copy_(weight(name, tuple(p.shape)))
    ids = integers("ids", (BATCH, LENGTH), config.vocab_size - 2) + 2
    targets = integers("targets", (BATCH, LENGTH), config.vocab_size)
    targets[0, 2] = IGNORED
    case = {}
    if classifies:
        logits = adapted(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        classes = integers("classes", (BATCH,), config.num_labels)
        loss = torch.nn.functional.cross_entropy(logits, classes)
        targets = torch.full((BATCH, LENGTH), IGNORED)
        targets[:, 0] = classes
    elif pair:
        source = integers("source", (BATCH, 7), config.vocab_size)
        logits = adapted(input_ids=source, attention_mask=torch.ones_like(source), decoder_input_ids=ids).logits
        case["source"] = source.tolist()
    else:
        logits = adapted(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, -LENGTH:]
    if not classifies:
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=IGNORED)
    loss.backward()
    with tempfile.TemporaryDirectory() as folder:
        adapted.save_pretrained(folder)
        written = json.loads((pathlib.Path(folder) / "adapter_config.json").read_text())
    for key in ("target_modules", "target_parameters"):
        if isinstance(written.get(key), list):
            written[key].sort()  # of a set
    return case | {
        "config": json.loads(config.to_json_string()),
        "adapter": written,
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "shapes": shapes,
        "trained": {n: {"shape": list(p.shape), "gradient": digest(n, p.grad)} for n, p in sorted(trained.items())},
        "logits": rounded(logits),
        "loss": loss.item(),
    }


def llama(method, **changes):
    return run(transformers.LlamaConfig(**{**SMALL, "tie_word_embeddings": True, "bos_token_id": 0, "eos_token_id": 0, **changes}), method)


def gpt2(method, **changes):
    base = dict(vocab_size=19, n_positions=16, n_embd=12, n_layer=2, n_head=3, bos_token_id=0, eos_token_id=0)
    return run(transformers.GPT2Config(**{**base, **changes}), method)


ENCODER = dict(vocab_size=19, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=20, type_vocab_size=2, num_labels=3)


def classifier(method, kind=transformers.BertConfig, **changes):
    config = kind(**{**ENCODER, "pad_token_id": 0, **changes})
    case = run(config, method, transformers.AutoModelForSequenceClassification)
    case["config"]["architectures"] = [type(config).__name__.replace("Config", "ForSequenceClassification")]
    return case


def t5(method):
    config = transformers.T5Config(
        vocab_size=19, d_model=12, d_kv=6, d_ff=20, num_layers=2, num_heads=3, relative_attention_num_buckets=8, relative_attention_max_distance=6, decoder_start_token_id=0
    )
    return run(config, method, transformers.AutoModelForSeq2SeqLM)


def mixtral(method):
    config = transformers.MixtralConfig(**{**SMALL, "head_dim": 6}, num_local_experts=5, num_experts_per_tok=2, bos_token_id=0, eos_token_id=0)
    return run(config, method, experts_implementation="eager")


def lora(task="CAUSAL_LM", **changes):
    return peft.LoraConfig(**{**dict(r=3, lora_alpha=5, target_modules="all-linear", task_type=task), **changes})


def prompt(task="CAUSAL_LM"):
    return peft.PromptTuningConfig(num_virtual_tokens=4, task_type=task)


CASES = {
    "llama_lora": lambda: llama(lora()),
    "llama_patterns": lambda: llama(
        lora(target_modules=r".*\.(self_attn\.(q|v)_proj|mlp\.\w+_proj)", use_rslora=True, rank_pattern={"1.mlp.down_proj": 5, "down_proj": 2, "self_attn.*": 4}, alpha_pattern={"v_proj": 7.5})
    ),
    "llama_rslora": lambda: llama(lora(r=4, use_rslora=True)),
    "llama_dora": lambda: llama(lora(use_dora=True, modules_to_save=["norm"])),
    "llama_bias": lambda: llama(lora(target_modules=["q_proj", "down_proj"], lora_bias=True, exclude_modules=["layers.0.mlp.down_proj"])),
    "llama_embeddings": lambda: llama(lora(target_modules=["embed_tokens", "lm_head", "k_proj"])),
    "llama_embeddings_dora": lambda: llama(lora(target_modules=["embed_tokens", "k_proj"], use_dora=True), tie_word_embeddings=False),
    "llama_head_dora": lambda: llama(lora(target_modules=["lm_head", "o_proj"], use_dora=True), tie_word_embeddings=False),
    "llama_tokens": lambda: llama(lora(target_modules=["v_proj"], trainable_token_indices=[3, 11])),
    "llama_tokens_untied": lambda: llama(lora(target_modules=["v_proj"], trainable_token_indices={"embed_tokens": [3, 11, 0]}), tie_word_embeddings=False),
    "llama_prompt": lambda: llama(prompt()),
    "gpt2_lora": lambda: gpt2(lora(target_modules=["c_attn", "mlp.c_proj"])),
    "gpt2_dora": lambda: gpt2(lora(use_dora=True)),
    "gpt2_saved": lambda: gpt2(lora(target_modules=["c_attn"], modules_to_save=["lm_head", "wte"])),
    "bert_lora": lambda: classifier(lora("SEQ_CLS")),
    "bert_dora": lambda: classifier(lora("SEQ_CLS", target_modules=["word_embeddings", "query", "dense"], use_dora=True, use_rslora=True)),
    "bert_prompt": lambda: classifier(prompt("SEQ_CLS")),
    "roberta_lora": lambda: classifier(lora("SEQ_CLS", target_modules=["query", "dense"]), transformers.RobertaConfig, pad_token_id=1),
    "t5_lora": lambda: t5(lora("SEQ_2_SEQ_LM")),
    # With experts as parameters: by their old names, which peft turns into parameters, and by some of those.
    "stacked/mixtral": lambda: mixtral(lora(target_modules=["q_proj", "w1", "w2", "w3"], use_rslora=True)),
    "stacked/mixtral_all": lambda: mixtral(lora()),
    "stacked/mixtral_some": lambda: mixtral(
        lora(target_modules=["k_proj"], target_parameters=["experts.down_proj", "gate.weight", "o_proj.weight"], rank_pattern={r"layers\.1\..*experts\.down_proj": 2}, alpha_pattern={"gate.weight": 7.5})
    ),
}


def main():
    for name in sys.argv[1:] or CASES:
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(CASES[name](), separators=(",", ":")) + "\n")
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
