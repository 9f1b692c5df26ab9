"""Values that tests in Go and scripts in Python both compute from a name."""

import zlib

import numpy as np
import torch

SCALE = 0.2
DOTS = 4


def values(name, n):
    """n numbers in [-1, 1), as golden.Value computes them."""
    x = (zlib.crc32(name.encode()) + np.arange(n, dtype=np.uint64) * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    for _ in range(2):
        x ^= x >> np.uint64(16)
        x = (x * np.uint64(0x45D9F3B)) & np.uint64(0xFFFFFFFF)
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2**31 - 1


def weight(name, shape, gain=1):
    """The tensor called name, as golden.Source computes it."""
    centre = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
    return torch.from_numpy(centre + gain * SCALE * values(name, int(np.prod(shape)))).reshape(shape)


def digest(name, tensor):
    """What is kept of a tensor: its length and its products with computed vectors."""
    flat = tensor.detach().double().reshape(-1).numpy()
    dots = [float(flat @ values(f"dot {k} {name}", flat.size)) for k in range(DOTS)]
    return {"norm": float(np.sqrt((flat**2).sum())), "dots": dots}
