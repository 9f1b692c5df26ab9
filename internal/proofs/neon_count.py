#!/usr/bin/env python3
"""Counts the instructions of the loops in the kernels for arm64, by element, and says how fast they can be at best.

    python internal/proofs/neon_count.py

It reads internal/kernels/*_arm64.s. Elements are those that a round of the loop comes to; of products, multiply-adds. The cycles are the most of what four
instructions by cycle on vectors, three loads, two stores and eight instructions in all take: Apple's M1 and later and Neoverse V1 and V2
(Graviton 3 and 4) have as much. A load that spreads a number to all lanes counts as one on vectors too. Waiting for results and for memory comes on top.
"""

import pathlib
import re

KERNELS = pathlib.Path(__file__).resolve().parent.parent / "kernels"
# file, function, loop, elements of a round, what they are
LOOPS = [
    ("product", "tileRunNEON", "run_by0_alone", 6 * 16 * 4, "multiply-add, tile, A where it lies"),
    ("product", "tileRunNEON", "run_by1_alone", 6 * 16 * 4, "multiply-add, tile, A packed"),
    ("product", "tileRunNEON", "run_by3_alone", 6 * 16 * 4, "multiply-add, tile of attention"),
    ("product", "tilePackingNEON", "packing_step", 6 * 16, "multiply-add, tile that packs"),
    ("product", "slimNEON", "rows1_step", 64, "multiply-add, one row"),
    ("product", "slimWideNEON", "rows1_line", 32 * 16, "multiply-add, one row, B transposed"),
    ("bfloat16", "multiplyMatrices", "block", 8 * 8 * 32, "multiply-add of bfloat16, tile"),
    ("attention", "panelSoftmaxNEON", "rows3", 16, "score, attention's softmax"),
    ("attention", "panelGradNEON", "rows5", 16, "score, its gradient"),
    ("activation", "geluNEON", "loop", 8, "number, GELU"),
    ("activation", "geluGradNEON", "loop", 8, "number, its gradient"),
    ("activation", "geluTanhNEON", "loop", 8, "number, GELU by tanh"),
    ("activation", "siluGateNEON", "loop", 8, "number, gated SiLU"),
    ("softmax", "expNEON", "loop", 8, "number, exponential"),
    ("adamw", "adamWNEON", "loop", 8, "parameter, AdamW"),
    ("rotary", "rotateHalvesNEON", "loop", 16, "number, rotary embedding"),
    ("dropout", "applyDropoutNEON", "loop", 16, "number, dropout by its mask"),
    ("vector", "addNEON", "loop", 8, "number, sum of two vectors"),
    ("vector", "dotNEON", "loop", 32, "number, dot product"),
]
MACROS = {"TERMS": ["fldpq"] * 4 + ["bfmmla"] * 16}  # of bfloat16_arm64.s


def functions(path):
    """The functions of a file, with their lines."""
    name, found = None, {}
    for line in path.read_text().split("\n"):
        if match := re.match(r"TEXT ·(\w+)\(", line):
            name = match[1]
            found[name] = []
        elif line.startswith(("DATA", "GLOBL")):
            name = None
        elif name and line.strip():
            found[name].append(line.strip())
    return found


def loop(lines, prefix):
    """The first loop whose label begins so."""
    labels = {line[:-1]: i for i, line in enumerate(lines) if line.endswith(":")}
    for i, line in enumerate(lines):
        if (match := re.match(r"B\w* +(\w+)$", line)) and match[1].startswith(prefix) and labels.get(match[1], i) < i:
            return [line for line in lines[labels[match[1]] + 1 : i + 1] if not line.endswith(":")]
    raise SystemExit(f"there is no loop {prefix}")


def instructions(body):
    for line in body:
        if match := re.match(r"(\w+)\(", line):
            yield from ((op, "") for op in MACROS[match[1]])
        elif "// " in line:
            op, _, rest = line.split("// ")[1].partition(" ")
            yield op, rest
        else:
            op, _, rest = line.partition(" ")
            yield op.lower(), rest


def count(body):
    """Instructions, those on vectors, loads and stores; a pair of registers is loaded as two."""
    total = vector = loads = stores = 0
    for op, rest in instructions(body):
        total += 1
        pair = 2 if op in ("ldp", "stp", "fldpq", "fstpq") else 1
        if op.startswith(("ldr", "ldp", "ldur", "ld1", "fldp", "prfm")):
            loads += pair
            vector += op in ("ld1r", "ld1")
        elif op.startswith(("str", "stp", "st1", "fstp")):
            stores += pair
        elif op == "bfmmla" or re.match(r"[vd]\d+", rest):
            vector += 1
    return total, vector, loads, stores


def main():
    print(f"{'':38}{'in all':>8}{'vectors':>9}{'loads':>7}{'stores':>8}{'cycles':>8}   by element")
    for file, function, label, elements, what in LOOPS:
        total, vector, loads, stores = count(loop(functions(KERNELS / f"{file}_arm64.s")[function], label))
        cycles = max(total / 8, vector / 4, loads / 3, stores / 2)
        n = elements
        print(f"{what:38}{total / n:8.2f}{vector / n:9.2f}{loads / n:7.2f}{stores / n:8.2f}{cycles / n:8.3f}")


if __name__ == "__main__":
    main()
