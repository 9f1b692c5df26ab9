"""Makes blocks.bin: rows of floats, packed by gguf-py where it packs and by llama.cpp's quantiser elsewhere, and unpacked by gguf-py.

Usage: python make.py LIBGGML-BASE.so   (llama-cpp-python has it in its folder lib; packages numpy and gguf are needed)

The file has for each case: format and whether there are weights as bytes, the columns and the length of the packed
bytes as uint32, then the floats, the weights if there are any, the packed bytes, and the SHA-256 of the floats unpacked from them.
"""
import ctypes, hashlib, struct, sys
import numpy as np, gguf
from gguf import GGMLQuantizationType as Q

lib = ctypes.CDLL(sys.argv[1])
lib.ggml_quantize_chunk.restype = ctypes.c_size_t
lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
rng = np.random.default_rng(7)
COLUMNS = 512


def row(i):
    x = rng.standard_normal(COLUMNS) * 0.04
    if i == 1:
        x = rng.standard_t(2, COLUMNS) * 3
    if i == 2:
        x[:64], x[64:128], x[128:160], x[256:] = 0, 0.5, rng.uniform(1, 2, 32), rng.standard_normal(256) * 1e-7
        x[300:320] = -rng.uniform(1, 2, 20) * 1e-6
    return x.astype(np.float32)


def by_llama(kind, x, weights):
    rows, columns = x.shape
    size = gguf.quant_shape_to_byte_shape(x.shape, kind)[-1]
    out = np.zeros((rows, size), np.uint8)
    n = lib.ggml_quantize_chunk(int(kind), x.ctypes.data, out.ctypes.data, 0, rows, columns, weights.ctypes.data if weights is not None else None)
    assert n == rows * size, (kind, n)
    return out


out = open(sys.path[0] + "/blocks.bin", "wb")
x = np.stack([row(i) for i in range(3)])
importance = (rng.standard_normal(COLUMNS) ** 2 + 0.01).astype(np.float32)
out.write(struct.pack("<I", 3) + x.tobytes() + importance.tobytes())
for kind in [Q.F32, Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q2_K, Q.Q3_K, Q.Q4_K, Q.Q5_K, Q.Q6_K, Q.IQ4_NL]:
    for weights in [None, importance]:
        own = kind in [Q.F32, Q.F16, Q.BF16, Q.Q8_0]
        if weights is not None and own:
            continue
        if weights is None and kind not in [Q.Q2_K, Q.Q3_K, Q.Q4_K, Q.Q5_K, Q.Q6_K, Q.IQ4_NL]:
            packed = np.ascontiguousarray(gguf.quantize(x, kind)).view(np.uint8)
            if not own:
                assert (packed == by_llama(kind, x, None)).all(), kind
        else:
            packed = by_llama(kind, x, weights)
        values = gguf.dequantize(packed, kind).astype(np.float32)
        out.write(struct.pack("<BBI", int(kind), weights is not None, packed.size) + packed.tobytes() + hashlib.sha256(values.tobytes()).digest())
        # Bytes of any value, but for scales that are finite.
        noise = rng.integers(0, 256, packed.shape, dtype=np.uint8)
        if weights is None:
            with np.errstate(all="ignore"):
                values = gguf.dequantize(noise, kind).astype(np.float32)
            values[np.isnan(values)] = 0
            out.write(struct.pack("<BBI", int(kind), 2, noise.size) + noise.tobytes() + hashlib.sha256(values.tobytes()).digest())
