#!/usr/bin/env python3
"""Loads weights in every form that transformers and PyTorch have written them in, and damaged ones.

Tiny models of several families are stored by transformers as one safetensors file and as shards, and by PyTorch as zip archives, in the older
format without one, and as shards, each in float32, bfloat16 and float16. finetune must show (info), measure (eval) and, where the model writes, continue
(generate) each; logits must be within 1e-4 of those of transformers from the same files. A missing shard, a file that ends early, integers in
the place of weights, another shape, a missing and an extra tensor must be refused by an error that names the culprit.

    python internal/proofs/weights.py
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from hugging_face import build, load
from safetensors.torch import load_file, save_file

FAMILIES = ("gpt2", "llama", "mixtral", "bert", "t5")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
PAIRS = "".join(json.dumps({"prompt": f"the word of number {i}", "completion": f"W O R D {i}"}) + "\n" for i in range(40))


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def store_shards(state, directory, prefix, suffix, save):
    """Stores tensors in three files and an index of them."""
    names = sorted(state)
    files, index = {}, {}
    for i, name in enumerate(names):
        file = f"{prefix}-{i * 3 // len(names) + 1:05}-of-00003.{suffix}"
        files.setdefault(file, {})[name] = state[name]
        index[name] = file
    for file, tensors in files.items():
        save(tensors, directory / file)
    size = sum(t.numel() * t.element_size() for t in state.values())
    (directory / f"{prefix}.{suffix}.index.json").write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": index}))


def legacy(tensors, path):
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def forms(model, scratch):
    """Ways to store a model into a directory that has all other files."""
    model.save_pretrained(scratch)
    stored = load_file(scratch / "model.safetensors")  # under the names that files have, which needn't be those of state_dict
    state = model.state_dict()
    tied = {name: state[name] for name in getattr(model, "_tied_weights_keys", None) or {} if name in state}
    every = stored | tied  # as older versions of transformers wrote .bin files
    yield "one safetensors file", lambda d: model.save_pretrained(d)
    yield "sharded safetensors", lambda d: model.save_pretrained(d, max_shard_size="40KB")
    yield "pytorch_model.bin", lambda d: torch.save(every, d / "pytorch_model.bin")
    yield "pytorch_model.bin, the older format", lambda d: legacy(every, d / "pytorch_model.bin")
    yield "sharded pytorch_model.bin", lambda d: store_shards(every, d, "pytorch_model", "bin", torch.save)
    yield "sharded pytorch_model.bin, the older format", lambda d: store_shards(stored, d, "pytorch_model", "bin", legacy)


def copy_rest(source, to, dtype):
    """Copies all of a model's directory but the weights, and notes the type of those that are to come."""
    to.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        if (source / name).exists():
            shutil.copy(source / name, to)
    config = json.loads((source / "config.json").read_text())
    config.pop("torch_dtype", None)
    config["dtype"] = dtype
    (to / "config.json").write_text(json.dumps(config))


def check_logits(logits, directory):
    """The largest difference of logits; transformers reads what is stored into float32, as finetune does."""
    model = load(directory)
    ids = [[5, 9, 1, 7, 3, 11, 2, 8], [4, 4, 10, 6, 12, 2, 9, 1]]
    inputs = {"input_ids": torch.tensor(ids), "attention_mask": torch.ones(2, 8, dtype=torch.long)}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = inputs["input_ids"]
    with torch.no_grad():
        theirs = model(**inputs).logits.reshape(-1)
    result = subprocess.run([logits, directory], input=json.dumps(ids), stdout=subprocess.PIPE, text=True, check=True)
    return float((theirs - torch.tensor(json.loads(result.stdout))).abs().max())


def check_forms(finetune, logits, source, work, data):
    good = True
    for name, dtype in DTYPES.items():
        model = load(source).to(dtype)
        for form, store in forms(model, work / "saved"):
            directory = work / "form"
            copy_rest(source, directory, name)
            store(directory)
            said = []
            commands = [("info", directory), ("eval", "--model", directory, "--data", data)]
            if source.name != "bert":
                commands.append(("generate", "--model", directory, "--prompt", "the word", "--max-new-tokens", 5, "--temperature", 0))
            for command in commands:
                result = run(finetune, *command)
                if result.returncode:
                    said.append(f"{command[0]}: {result.stderr.strip()}")
            if not said and (worst := check_logits(logits, directory)) > 1e-4:
                said.append(f"logits differ by {worst:.1e}")
            print(f"{source.name}, {form}, {name}: " + ("; ".join(said) or f"logits differ by {worst:.1e}"), flush=True)
            good &= not said
            shutil.rmtree(directory)
    return good


def damages():
    """What is done to the files of a Llama, and what the error must name."""

    def edit(change):
        def do(directory):
            path = directory / "model.safetensors"
            tensors = load_file(path)
            change(tensors)
            save_file(tensors, path, {"format": "pt"})

        return do

    def edit_bin(change):
        def do(directory):
            tensors = load_file(directory / "model.safetensors")
            change(tensors)
            (directory / "model.safetensors").unlink()
            torch.save(tensors, directory / "pytorch_model.bin")

        return do

    def shards(save, prefix, suffix, then):
        def do(directory):
            store_shards(load_file(directory / "model.safetensors"), directory, prefix, suffix, save)
            (directory / "model.safetensors").unlink()
            then(directory)

        return do

    def save_pt(tensors, path):
        save_file(tensors, path, {"format": "pt"})

    def truncate(name, part):
        def do(directory):
            content = (directory / name).read_bytes()
            (directory / name).write_bytes(content[: int(len(content) * part)])

        return do

    def reindex(name):
        def do(directory):
            path = directory / name
            index = json.loads(path.read_text())
            index["weight_map"]["model.norm.weight"] = index["weight_map"]["model.embed_tokens.weight"]
            path.write_text(json.dumps(index))

        return do

    norm = "model.norm.weight"
    changes = [
        ("integers in the place of weights", lambda t: t.update({norm: torch.ones(32, dtype=torch.int64)}), norm),
        ("a tensor of another shape", lambda t: t.update({norm: torch.ones(31)}), norm),
        ("a missing tensor", lambda t: t.pop(norm), norm),
        ("an extra tensor", lambda t: t.update({"model.extra": torch.ones(3)}), "model.extra"),
    ]
    for what, change, names in changes:
        yield what + ", safetensors", edit(change), names
        yield what + ", .bin", edit_bin(change), names
    for save, prefix, suffix in ((save_pt, "model", "safetensors"), (torch.save, "pytorch_model", "bin"), (legacy, "pytorch_model", "bin")):
        second, index = f"{prefix}-00002-of-00003.{suffix}", f"{prefix}.{suffix}.index.json"
        how = f"{suffix}, the older format" if save is legacy else suffix
        yield f"a missing shard, {how}", shards(save, prefix, suffix, lambda d, s=second: (d / s).unlink()), second
        for part in (0, 0.1, 0.6, 0.98):
            yield f"a shard that ends after {part:.0%}, {how}", shards(save, prefix, suffix, truncate(second, part)), second
        yield f"an index that ends early, {how}", shards(save, prefix, suffix, truncate(index, 0.5)), index
        yield f"an index that names another shard, {how}", shards(save, prefix, suffix, reindex(index)), norm
    for part in (0, 0.01, 0.5, 0.98):
        yield f"a file that ends after {part:.0%}, safetensors", truncate("model.safetensors", part), "model.safetensors"


def check_damages(finetune, source, work):
    good = True
    for what, damage, names in damages():
        directory = work / "damaged"
        shutil.copytree(source, directory, ignore=shutil.ignore_patterns("checkpoint-*", "run.yaml", "tokens.bin", "metrics.jsonl"))
        damage(directory)
        for command in (("info", directory), ("generate", "--model", directory, "--prompt", "a")):
            result = run(finetune, *command)
            fine = result.returncode == 1 and names in result.stderr and "panic" not in result.stderr and result.stderr.startswith("finetune: ")
            if not fine or command[0] == "generate":
                print(f"{what}: {command[0]}: {result.stderr.strip() or 'no error'}{'' if fine else ' — NOT AS IT SHOULD BE'}", flush=True)
            good &= fine
        shutil.rmtree(directory)
    return good


def main():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        finetune, logits = build(work, "./cmd/finetune"), build(work, "./models/internal/logits")
        pairs, text = work / "pairs.jsonl", work / "text.txt"
        pairs.write_text(PAIRS)
        text.write_text("the word of a number, and some more of it. " * 40)
        for arch in FAMILIES:
            data = ["--data", pairs] if arch == "t5" else ["--data", text]
            shape = ["--n-layer", 2, "--n-embd", 32, "--n-head", 2, "--seq-len", 32, "--max-steps", 2, "--warmup-steps", 0, "--sample-tokens", 0, "--vocab-size", 300]
            kind = [] if arch == "bert" else ["--tokenizer", "bpe"]
            result = run(finetune, "pretrain", "--arch", arch, *data, *shape, *kind, "--output-dir", work / arch)
            assert result.returncode == 0, result.stderr
            good &= check_forms(finetune, logits, work / arch, work, pairs if arch == "t5" else text)
        good &= check_damages(finetune, work / "llama", work)
    sys.exit(not good)


if __name__ == "__main__":
    main()
