#!/usr/bin/env python3
"""Shows that peft loads what finetune trains, finetune what peft saves, and transformers what finetune merges, with the same logits.

    python internal/proofs/adapters.py [--finetune PATH] [--families llama,bert,…] [--methods lora,rslora,…]

A tiny model of every family is pretrained and gets an adapter of each method, by a few steps at a high rate. Then peft puts the run's directory on
transformers' model of the base, finetune merges the two, and transformers loads the result without a missing or unexpected tensor: the logits of both, and of
finetune's reading of the merged model, must agree within 1e-4, and differ from those of the base. What can't be merged (prompts, adapters of tied tables) is
read by our own code in its place. The other way round, peft makes an adapter of the same method, with noise for what is trained; our code reads and writes
it, and peft reads that again. Encoders learn to classify, the encoder-decoder to write; the method reward makes classifiers of one label of decoders;
experts and stacks adapt those of Mixtral, by their names and by those of the parameters that transformers has them in. With embedder, `finetune embed train`
trains an adapter, and sentence-transformers must make the same vectors with its directory.
Needs Go, torch, transformers, peft and sentence-transformers.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import peft
import sentence_transformers
import torch
import transformers
from hugging_face import build

DECODERS = "glm4 gpt2 gpt_neox granite llama mistral olmo2 phi3 qwen2 qwen3 gemma3_text mixtral".split()
ENCODERS = "bert roberta albert".split()
TABLES = {"gpt2": "wte", "gpt_neox": "embed_in"} | dict.fromkeys(ENCODERS, "word_embeddings")
NORMS = {"gpt2": "ln_f", "gpt_neox": "final_layer_norm", "t5": "final_layer_norm"} | dict.fromkeys(ENCODERS, "embeddings.LayerNorm")
METHODS = "lora rslora dora saved embeddings tokens prompt reward experts stacks embedder".split()
TOKENS = [5, 9, 12]
TOLERANCE = 1e-4


class Method:
    """A method for a model of a family: finetune's flags, and what peft calls it."""

    def __init__(self, arch, name):
        table, norm = TABLES.get(arch, "embed_tokens"), NORMS.get(arch, "model.norm")
        self.name, self.classifies, self.pair = name, arch in ENCODERS or name == "reward", arch == "t5"
        self.known = name not in ("embeddings", "tokens", "prompt", "reward") if self.pair else name != "reward" or arch in DECODERS and arch != "granite"  # of which transformers has no classifier
        self.known = self.known and (name not in ("experts", "stacks") or arch == "mixtral") and (name != "embedder" or not self.pair)
        self.flags, settings = {
            "rslora": (["--use-rslora", "--lora-alpha", "4", "--rank-pattern", r"0\..*=2", "--alpha-pattern", r"1\..*=3"],
                       {"use_rslora": True, "lora_alpha": 4, "rank_pattern": {r"0\..*": 2}, "alpha_pattern": {r"1\..*": 3}}),
            "dora": (["--use-dora"], {"use_dora": True}),
            "saved": (["--lora-modules-to-save", norm], {"modules_to_save": [norm]}),
            "embeddings": (["--lora-target-modules", table], {"target_modules": [table]}),
            "experts": (["--lora-target-modules", "q_proj,w1,w2,w3"], {"target_modules": ["q_proj", "w1", "w2", "w3"]}),
            "stacks": (["--lora-target-modules", "v_proj,gate,w1,w2,w3", "--use-rslora", "--rank-pattern", r"layers\.0\..*=2"],
                       {"target_modules": ["v_proj"], "target_parameters": ["experts.gate_up_proj", "experts.down_proj", "gate.weight"], "rank_pattern": {r"0\..*": 2}}),
            "tokens": (["--trainable-token-indices", ",".join(map(str, TOKENS))], {"trainable_token_indices": {table: TOKENS}}),
        }.get(name, ([], {}))  # fmt: skip
        task = "SEQ_CLS" if self.classifies else "SEQ_2_SEQ_LM" if self.pair else "CAUSAL_LM"
        if name == "prompt":
            self.flags, self.config = ["--prompt-tuning", "4"], peft.PromptTuningConfig(num_virtual_tokens=4, task_type=task)
        else:
            self.flags = ["--use-peft", "--lora-r", "3", "--lora-dropout", "0", *self.flags]
            targets = "all-linear"
            if arch == "mixtral" and name in ("dora", "rslora"):  # peft has DoRA for modules alone, and sorts patterns when it saves, so that others match its experts
                targets = ["q_proj", "k_proj", "v_proj", "o_proj"]
            self.config = peft.LoraConfig(**{"r": 3, "lora_alpha": 5, "target_modules": targets, "task_type": task} | settings)
        self.extra = {"num_labels": 1 if name == "reward" else 2} if self.classifies else {}
        self.kind = transformers.AutoModelForSequenceClassification if self.classifies else transformers.AutoModelForSeq2SeqLM if self.pair else transformers.AutoModelForCausalLM

    def open(self, path):
        """Opens transformers' model, with a new head where it is to classify and the directory's doesn't."""
        torch.manual_seed(1)
        model = self.kind.from_pretrained(path, dtype=torch.float32, **self.extra).eval()
        if self.classifies and model.config.pad_token_id is None:
            model.config.pad_token_id = 0  # which isn't among the ids that are asked
        return model

    def adapted(self, model, path):
        """Lets peft put a directory's adapter on a model, and turns its warnings of missing tensors into errors."""
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*missing")
            return peft.PeftModel.from_pretrained(model, path).eval()


class Proof:
    """A folder with data, and the programs."""

    def __init__(self, work, finetune):
        self.work, self.finetune = work, finetune
        self.logits = build(work, "./models/internal/logits").rename(work / "merged-logits")
        self.adapter_logits = build(work, "./adapt/internal/logits").rename(work / "adapter-logits")
        records = {
            "texts": [{"prompt": f"the word of number {i}", "completion": f"W O R D {i}"} for i in range(40)],
            "classes": [{"text": f"the word of number {i}", "label": ("even", "odd")[i % 2]} for i in range(40)],
            "judged": [{"prompt": f"the word of number {i}", "chosen": f"W O R D {i}", "rejected": "nothing"} for i in range(40)],
        }
        for name, rows in records.items():
            (work / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(self, *arguments):
        return self.output([self.finetune, *map(str, arguments)])

    def ask(self, program, *paths, ids):
        """Returns the logits that one of our programs prints."""
        return torch.tensor(json.loads(self.output([program, *paths], json.dumps(ids.tolist()))))

    def output(self, command, text=""):
        result = subprocess.run(command, input=text, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(" ".join(map(str, command)) + "\n" + result.stderr)
        return result.stdout

    def base(self, arch):
        """Pretrains the model of a family."""
        data = ["--data", self.work / "texts.jsonl"] if arch == "t5" else []
        path = self.work / arch
        self.run("pretrain", "--arch", arch, *data, "--n-layer", 2, "--n-embd", 32, "--n-head", 2, "--seq-len", 32, "--max-steps", 2, "--sample-tokens", 0, "--output-dir", path)
        return path

    def vectors(self, base):
        """Trains an adapter of an embedder, and returns how far our vectors of it are from those of sentence-transformers, and from those without it."""
        run = self.work / f"{base.name}-embedder"
        self.run("embed", "train", "--model", base, "--data", self.work / "texts.jsonl", "--lora-r", 3, "--lora-dropout", 0, "--learning-rate", 0.02, "--max-steps", 6,
                 "--warmup-steps", 0, "--batch-size", 8, "--validation-split", 0, "--seq-len", 32, "--normalize", "--output-dir", run)  # fmt: skip
        texts = [f"the word of number {i}" for i in range(5)]

        def encoded(*flags):
            lines = self.run("embed", "encode", *(f"--text={t}" for t in texts), *flags).splitlines()
            return torch.tensor([json.loads(line)["embedding"] for line in lines])

        ours, plain = encoded("--model", run), encoded("--model", base, "--normalize")
        model = sentence_transformers.SentenceTransformer(str(run), device="cpu")
        if model.tokenizer.pad_token is None:
            model.tokenizer.pad_token = model.tokenizer.eos_token
        theirs = torch.tensor(model.encode(texts))
        return float((ours - theirs).abs().max()), float((ours - plain).abs().max())

    def ours(self, base, method, ids):
        """Trains and merges an adapter of a model, and returns how far the logits of finetune and of peft are apart from those of the merged model, and by how
        much the adapter changes them. What can't be merged is compared as it is, our code's with peft's."""
        adapter, merged = self.work / f"{base.name}-{method.name}", self.work / f"{base.name}-{method.name}-merged"
        data = [self.work / "texts.jsonl"]
        if method.classifies:
            data = [self.work / "judged.jsonl", "--objective", "reward"] if method.name == "reward" else [self.work / "classes.jsonl", "--objective", "classification"]
        self.run("sft", "--model", base, "--data", *data, *method.flags, "--learning-rate", 0.02, "--max-steps", 6, "--warmup-steps", 0,
                 "--validation-split", 0, "--seq-len", 28 if method.name == "prompt" else 32, "--sample-tokens", 0, "--output-dir", adapter)  # fmt: skip
        model = method.open(base)
        plain = ask(model, ids)
        tied = not method.classifies and model.config.tie_word_embeddings
        adapted = ask(method.adapted(model, adapter), ids)
        if method.name == "prompt" or method.name == "embeddings" and tied:
            if method.classifies:
                return None  # whose head is in the adapter: the other way round shows it
            ours = self.ask(self.adapter_logits, base, adapter, self.work / "again", ids=ids).reshape(adapted.shape)
            return [float((x - adapted[:, -x.shape[1] :]).abs().max()) for x in (ours, adapted, plain)]
        self.run("merge", "--model", base, "--adapter", adapter, "--output-dir", merged)
        loaded, info = method.kind.from_pretrained(merged, dtype=torch.float32, output_loading_info=True)
        if any(info.values()) or [type(loaded).__name__] != loaded.config.architectures:
            raise RuntimeError(f"{merged}: {info}, {type(loaded).__name__} of {loaded.config.architectures}")
        loaded.config.pad_token_id = model.config.pad_token_id
        theirs = ask(loaded.eval(), ids)
        ours = self.ask(self.logits, merged, ids=ids).reshape(theirs.shape)
        return [float((x - theirs).abs().max()) for x in (ours, adapted, plain)]

    def theirs(self, base, method, ids):
        """Lets peft make an adapter, and returns how far our logits with it are apart from peft's, and peft's own with what our code writes again."""
        model = method.open(base)
        if method.classifies:  # with its head
            base = self.work / f"{base.name}-{method.name}-classifier"
            model.save_pretrained(base)
        adapted = peft.get_peft_model(model, method.config).eval()
        with torch.no_grad():
            for p in adapted.parameters():
                if p.requires_grad:
                    p.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(2)))
        adapter, again = (self.work / f"{base.name}-{method.name}-{part}" for part in ("theirs", "again"))
        adapted.save_pretrained(adapter)
        want = ask(adapted, ids)
        ours = self.ask(self.adapter_logits, base, adapter, again, ids=ids).reshape(want.shape)
        return [float((x - want).abs().max()) for x in (ours, ask(method.adapted(method.open(base), again), ids))]


def ask(model, ids):
    """Returns a model's logits. An encoder-decoder gets the ids on both sides, as our program has it."""
    extra = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), **extra).logits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetune")
    parser.add_argument("--families", default=",".join([*DECODERS, *ENCODERS, "t5"]))
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    wrong = []

    def tell(title, line, *differences):
        good = max(differences) <= TOLERANCE
        print(f"{title:26} {line}" + ("" if good else "   WRONG"), flush=True)
        if not good:
            wrong.append(title)

    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        proof = Proof(work, options.finetune or build(work, "./cmd/finetune"))
        for arch in options.families.split(","):
            base = proof.base(arch)
            vocab = transformers.AutoConfig.from_pretrained(base).vocab_size
            ids = torch.randint(5, min(200, vocab), (2, 20), generator=torch.Generator().manual_seed(1))
            ids[0, :3] = torch.tensor(TOKENS)
            for name in options.methods.split(","):
                method = Method(arch, name)
                if not method.known:
                    continue
                try:
                    if name == "embedder":
                        apart, changed = proof.vectors(base)
                        tell(f"{arch} {name}", f"vectors: sentence-transformers {apart:.1e}; the adapter changes {changed:.2g}", apart, 0 if changed > TOLERANCE else 1)
                        continue
                    if found := proof.ours(base, method, ids):
                        ours, adapted, plain = found
                        changed = plain > TOLERANCE or method.classifies or name == "embeddings"  # whose head is new; of the tokens asked for perhaps none was trained
                        tell(f"{arch} {name}", f"ours: merged {ours:.1e}, peft with the adapter {adapted:.1e}; the adapter changes {plain:.2g}", ours, adapted, 0 if changed else 1)
                    ours, again = proof.theirs(base, method, ids)
                    tell(f"{arch} {name}", f"peft's: we with it {ours:.1e}, peft with what we write {again:.1e}", ours, again)
                except Exception as e:  # of any of three libraries
                    tell(f"{arch} {name}", f"{type(e).__name__}: {e}", 1)
    if wrong:
        sys.exit("logits differ of " + ", ".join(wrong))


if __name__ == "__main__":
    main()
