"""Compares adapters' directories with peft, in float32: python check_peft.py [case ...]

For each case of peft_goldens.py, and some more, a tiny model and an adapter are written by transformers and peft. This module's code opens both, and writes the adapter
again; peft must load that without a missing key, and the logits of all must agree to 1e-4.
Needs Go, torch, transformers and peft (made with 2.15.0, 5.24.0 and 0.21.2).
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import peft
import torch

import peft_goldens as goldens
import transformers
from peft_goldens import HERE, SMALL, fill, integers, lora, saved_name, weight

TOLERANCE = 1e-4


def reward(method, kind=transformers.LlamaConfig):
    """A decoder with a head of one value, which is a classifier to transformers."""
    config = kind(**SMALL, num_labels=1, pad_token_id=0, bos_token_id=0, eos_token_id=0)
    return goldens.run(config, method, transformers.AutoModelForSequenceClassification)


def gemma(method):
    """Gemma 3, which scales what it looks up."""
    return goldens.run(transformers.Gemma3TextConfig(**SMALL, query_pre_attn_scalar=7, sliding_window=3, layer_types=["sliding_attention", "full_attention"], pad_token_id=0), method)


# Beside the goldens: what has no loss there, or is computed in float32 by transformers whatever the model's type is.
MORE = {
    "llama_reward": lambda: reward(lora("SEQ_CLS")),
    "qwen2_reward_dora": lambda: reward(lora("SEQ_CLS", use_dora=True), transformers.Qwen2Config),
    "gemma3_prompt": lambda: gemma(goldens.prompt()),
    "gemma3_embeddings": lambda: gemma(lora(target_modules=["embed_tokens", "q_proj"])),
    "gemma3_embeddings_dora": lambda: gemma(lora(target_modules=["embed_tokens", "q_proj"], use_dora=True)),
}


def check(name):
    worst = []

    def run(config, method, kind=goldens.transformers.AutoModelForCausalLM):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            model = kind.from_config(config, attn_implementation="eager").float().eval()
            fill(model)
            model.save_pretrained(folder / "base")
            adapted = peft.get_peft_model(model, method)
            with torch.no_grad():
                for n, p in adapted.named_parameters():
                    if p.requires_grad:
                        p.copy_(weight(saved_name(n, method.is_prompt_learning), tuple(p.shape)))
            adapted.save_pretrained(folder / "theirs")
            ids = integers("ids", (2, 9), config.vocab_size - 2) + 2
            pair = kind is goldens.transformers.AutoModelForSeq2SeqLM

            def logits(m):
                extra = {"decoder_input_ids": ids} if pair else {}
                with torch.no_grad():
                    return m(input_ids=ids, attention_mask=torch.ones_like(ids), **extra).logits

            want = logits(adapted)
            out = subprocess.run(["go", "run", str(HERE.parent / "internal" / "logits"), folder / "base", folder / "theirs", folder / "ours"],
                                 input=json.dumps(ids.tolist()), capture_output=True, text=True, cwd=HERE)
            if out.returncode:
                raise SystemExit(f"{name}: {out.stderr}")
            ours = torch.tensor(json.loads(out.stdout)).reshape(want.shape)
            base = kind.from_pretrained(folder / "base", attn_implementation="eager").float().eval()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                again = peft.PeftModel.from_pretrained(base, folder / "ours").eval()
            missing = [str(w.message) for w in caught if "missing" in str(w.message) or "Unexpected" in str(w.message)]
            if missing:
                raise SystemExit(f"{name}: {missing}")
            worst.append(((ours - want).abs().max().item(), (logits(again) - want).abs().max().item()))
        return {"config": {}}

    goldens.run = run
    (goldens.CASES | MORE)[name]()
    return worst[0]


def main():
    for name in sys.argv[1:] or goldens.CASES | MORE:
        ours, theirs = check(name)
        print(f"{name:24} ours {ours:.1e}  peft with our files {theirs:.1e}", flush=True)
        if max(ours, theirs) > TOLERANCE:
            raise SystemExit(f"{name}: logits differ")


if __name__ == "__main__":
    main()
