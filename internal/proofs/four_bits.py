#!/usr/bin/env python3
"""Shows why --load-in-4bit packs to Q4_K rather than to NF4: what each does to the matrices of a model, and to what it says.

    python internal/proofs/four_bits.py LIBGGML-BASE.so MODEL_DIR

Every matrix of the encoder's layers is rounded to each format: Q4_K, and Q4_0 and Q5_0 beside it, by llama.cpp's quantiser (the library comes with
llama-cpp-python), NF4 as bitsandbytes has it: blocks of 64 with the largest absolute value as float32, or that one in 8 bits too (double). Told are the bits
a number, the root of the mean square error over that of the weights, and how far the states of a text are from those of the floats, likewise.
Rows are cut into blocks as they lie in memory, so that those of 384 numbers have Q4_K too. Needs numpy, gguf, torch and transformers.
"""

import ctypes
import pathlib
import subprocess
import sys

import gguf
import numpy
import torch
import transformers
from gguf import GGMLQuantizationType as Q

NF4 = numpy.array([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534,
                   0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0])  # fmt: skip
BETWEEN = (NF4[1:] + NF4[:-1]) / 2


def blocks(kind):
    """Returns what rounds a matrix to a format of GGUF."""

    def rounded(w):
        x = numpy.ascontiguousarray(w.reshape(-1, 256))
        out = numpy.zeros((len(x), gguf.quant_shape_to_byte_shape(x.shape, kind)[-1]), numpy.uint8)
        library.ggml_quantize_chunk(int(kind), x.ctypes.data, out.ctypes.data, 0, len(x), 256, None)
        return gguf.dequantize(out, kind).reshape(w.shape)

    return rounded


def nf4(double):
    """Returns what rounds a matrix to NF4, with scales of 8 bits or of 32."""

    def rounded(w):
        x = w.reshape(-1, 64).astype(numpy.float64)
        scales = abs(x).max(axis=1, keepdims=True)
        codes = NF4[numpy.searchsorted(BETWEEN, x / scales)]
        if double:  # 256 of them share an offset and a largest value
            mean = scales.mean()
            parts = numpy.resize(scales - mean, (-(-len(scales) // 256), 256))
            most = abs(parts).max(axis=1, keepdims=True)
            scales = (numpy.rint(parts / most * 127) / 127 * most).reshape(-1, 1)[: len(scales)] + mean
        return (codes * scales).astype(numpy.float32).reshape(w.shape)

    return rounded


FORMATS = {
    "NF4": (4.5, nf4(False)),
    "NF4, double": (4.127, nf4(True)),
    "Q4_K": (4.5, blocks(Q.Q4_K)),
    "Q4_0": (4.5, blocks(Q.Q4_0)),
    "Q5_0": (5.5, blocks(Q.Q5_0)),
}


def relative(a, b):
    return float(numpy.sqrt(((a - b) ** 2).mean() / (b**2).mean()))


def main():
    global library
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    library = ctypes.CDLL(sys.argv[1])
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    model = transformers.AutoModel.from_pretrained(sys.argv[2], dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[2])
    goroot = subprocess.run(["go", "env", "GOROOT"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    text = pathlib.Path(goroot, "src/testdata/Isaac.Newton-Opticks.txt").read_text()[100_000:120_000]
    ids = tokenizer(text, return_tensors="pt", truncation=False).input_ids[0][:2048].reshape(-1, 128)
    matrices = {n: p for n, p in model.named_parameters() if p.dim() == 2 and ".layer" in n}
    floats = {n: p.detach().numpy().copy() for n, p in matrices.items()}

    def states():
        with torch.no_grad():
            return model(ids).last_hidden_state.numpy()

    want, found = states(), {}
    for name, (bits, rounded) in FORMATS.items():
        errors, sizes = [], []
        for n, p in matrices.items():
            w = rounded(floats[n])
            errors.append(relative(w, floats[n]) ** 2 * (floats[n] ** 2).sum())
            sizes.append((floats[n] ** 2).sum())
            p.data = torch.from_numpy(w)
        found[name] = numpy.sqrt(sum(errors) / sum(sizes)), relative(states(), want)
        print(f"{name:12} {bits:.2f} bits   weights are off by {100 * found[name][0]:.2f}%, states by {100 * found[name][1]:.2f}%", flush=True)
    if found["Q4_K"][1] > found["NF4"][1]:
        sys.exit("NF4 is nearer to the floats")


if __name__ == "__main__":
    main()
