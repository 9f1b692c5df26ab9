#!/usr/bin/env python3
"""Shows that a model of 1.2 billion parameters takes a LoRA step of 512 tokens in less than 3 GiB of memory.

    python internal/proofs/large_step.py [--finetune PATH] [--keep DIR] [--steps N]

A GGUF file of random blocks with the shape of Llama-3.2-1B is written, its matrices Q4_K and its table Q6_K, and a fresh adapter of rank 16 on all
projections. `finetune bench` then makes steps of 1 × 512 tokens with the file as it lies, with and without checkpointing, and tells the tokens a second, what
part of the processor's peak that is, and the peak of resident memory. Needs Go, numpy, gguf and safetensors.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import gguf
import numpy
from gguf import GGMLQuantizationType as Q
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VOCAB, WIDTH, HIDDEN, LAYERS, HEADS, KEYS, SIZE = 128256, 2048, 8192, 16, 32, 8, 64
PROJECTIONS = {  # as llama.cpp and as transformers name them: rows, columns
    "attn_q": ("self_attn.q_proj", HEADS * SIZE, WIDTH),
    "attn_k": ("self_attn.k_proj", KEYS * SIZE, WIDTH),
    "attn_v": ("self_attn.v_proj", KEYS * SIZE, WIDTH),
    "attn_output": ("self_attn.o_proj", WIDTH, HEADS * SIZE),
    "ffn_gate": ("mlp.gate_proj", HIDDEN, WIDTH),
    "ffn_up": ("mlp.up_proj", HIDDEN, WIDTH),
    "ffn_down": ("mlp.down_proj", WIDTH, HIDDEN),
}
RANK, LIMIT = 16, 3 << 10
draw = numpy.random.default_rng(1)


def matrix(rows, cols, kind):
    """Returns random blocks of Q4_K or Q6_K whose values lie around 0, some hundredths from it."""
    n = rows * cols // 256
    size = {Q.Q4_K: 144, Q.Q6_K: 210}[kind]
    blocks = draw.integers(0, 256, (n, size), dtype=numpy.uint8)
    if kind == Q.Q4_K:  # a scale, and one of what is taken off: 7.5 times as much, which is the mean of a number
        scales = numpy.empty((n, 2), numpy.float16)
        scales[:, 0] = draw.uniform(1e-4, 2e-4, n)
        scales[:, 1] = 7.5 * scales[:, 0]
        blocks[:, :4] = scales.view(numpy.uint8)
    else:  # scales of 8 bits with signs, and one for all of them
        blocks[:, 208:] = draw.uniform(1e-5, 2e-5, (n, 1)).astype(numpy.float16).view(numpy.uint8)
    return blocks.reshape(rows, -1)


def model(path):
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(131072)
    w.add_embedding_length(WIDTH)
    w.add_block_count(LAYERS)
    w.add_feed_forward_length(HIDDEN)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KEYS)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_freq_base(500000)
    w.add_rope_dimension_count(SIZE)
    w.add_vocab_size(VOCAB)
    w.add_tensor("token_embd.weight", matrix(VOCAB, WIDTH, Q.Q6_K), raw_dtype=Q.Q6_K)
    w.add_tensor("output_norm.weight", numpy.ones(WIDTH, numpy.float32))
    for i in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            w.add_tensor(f"blk.{i}.{norm}.weight", numpy.ones(WIDTH, numpy.float32))
        for name, (_, rows, cols) in PROJECTIONS.items():
            w.add_tensor(f"blk.{i}.{name}.weight", matrix(rows, cols, Q.Q4_K), raw_dtype=Q.Q4_K)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def adapter(folder):
    folder.mkdir()
    tensors = {}
    for i in range(LAYERS):
        for name, rows, cols in PROJECTIONS.values():
            prefix = f"base_model.model.model.layers.{i}.{name}.lora_"
            tensors[prefix + "A.weight"] = draw.uniform(-1, 1, (RANK, cols)).astype(numpy.float32) / numpy.float32(cols) ** 0.5
            tensors[prefix + "B.weight"] = numpy.zeros((rows, RANK), numpy.float32)
    save_file(tensors, folder / "adapter_model.safetensors")
    targets = [name.split(".")[1] for name, _, _ in PROJECTIONS.values()]
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": RANK, "lora_alpha": 2 * RANK, "target_modules": targets, "task_type": "CAUSAL_LM"}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetune")
    parser.add_argument("--keep", help="a folder for the model and the adapter, which are taken as they are if they are there")
    parser.add_argument("--steps", type=int, default=2)
    options = parser.parse_args()
    above = []
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(options.keep or scratch)
        work.mkdir(exist_ok=True)
        file, lora = work / "llama-1b.gguf", work / "lora"
        if not file.exists():
            model(file)
        if not lora.exists():
            adapter(lora)
        finetune = options.finetune or scratch + "/finetune"
        if not options.finetune:
            subprocess.run(["go", "build", "-o", finetune, "./cmd/finetune"], cwd=ROOT, check=True)
        for flags in ([], ["--gradient-checkpointing"]):
            command = [finetune, "bench", "--init", file, "--adapter", lora, "--load-in-4bit", "--batch-size", "1", "--seq-len", "512", "--steps", str(options.steps), "--profile", *flags]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                sys.exit(result.stderr)
            *steps, told = map(json.loads, result.stdout.splitlines())
            part = re.search(r"^\s*all .*?(\d+)%\s*$", result.stderr, re.M)
            print(f"{told['parameters'] / 1e6:,.0f} million parameters, 1 × 512 tokens{' '.join(['', *flags])}: {told['peak_mib']:,} MiB, {told['tokens_per_second']} tokens/s, "
                  f"{part[1] if part else '?'}% of the peak; losses {', '.join(str(s['loss']) for s in steps)}", flush=True)  # fmt: skip
            if told["peak_mib"] >= LIMIT:
                above.append(f"{told['peak_mib']:,} MiB")
    if above:
        sys.exit(f"{', '.join(above)}: not less than {LIMIT:,} MiB")


if __name__ == "__main__":
    main()
