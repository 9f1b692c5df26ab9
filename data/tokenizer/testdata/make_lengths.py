#!/usr/bin/env python3
"""Makes golden/lengths.json: what Hugging Face's library makes of truncation and padding, alone and in batches, for some of the tokenizers beside it.

usage: make_lengths.py
Made with tokenizers 0.23.3.
"""
import json
import os
import random

from tokenizers import Tokenizer

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
WORDS = "the rays of light which differ in colour, 你好 Déjà  vu 2024.".split(" ")
PADS = {"bert": ("[PAD]", 0), "roberta": ("<pad>", 1), "llama2": ("</s>", 2), "gpt2": ("<|endoftext|>", 420)}


def offsets(text, pair, e):
    """Offsets in bytes; a token's text is the one that its sequence id names."""
    out = []
    for (a, b), s in zip(e.offsets, e.sequence_ids):
        t = (text, pair)[s or 0]
        out.append([len(t[:a].encode()), len(t[:b].encode())])
    return out


def brief(text, pair, e):
    return {"ids": e.ids, "offsets": offsets(text, pair, e), "special": e.special_tokens_mask, "type_ids": e.type_ids, "attention": e.attention_mask}


def main():
    draw = random.Random(1)
    text = lambda least: " ".join(draw.choice(WORDS) for _ in range(draw.randrange(least, 9)))
    cases = []
    while len(cases) < 120:
        name = draw.choice(list(PADS))
        t = Tokenizer.from_file(os.path.join(HERE, name + ".json"))
        if draw.random() < 0.85:
            n = draw.randrange(6, 24)
            how = {"strategy": draw.choice(["longest_first", "longest_first", "only_first", "only_second"]), "direction": draw.choice(["right", "left"])}
            t.enable_truncation(n, stride=draw.choice([0, 0, 1, draw.randrange(n - 4)]), **how)
        if draw.random() < 0.6:
            token, i = PADS[name]
            t.enable_padding(direction=draw.choice(["right", "left"]), pad_id=i, pad_token=token, pad_type_id=draw.randrange(2), length=draw.choice([None, draw.randrange(30)]), pad_to_multiple_of=draw.choice([None, 8, 3]))
        special = draw.random() < 0.8
        batch = [(text(0), text(1) if draw.random() < 0.4 else "")] if draw.random() < 0.7 else [(text(0), "") for _ in range(3)]
        sections = json.loads(t.to_str())
        case = {"tokenizer": name, "truncation": sections["truncation"], "padding": sections["padding"], "add_special": special, "batch": batch}
        try:
            got = t.encode_batch([b if b[1] else b[0] for b in batch], add_special_tokens=special)
            case["encodings"] = [[brief(*b, w) for w in [e, *e.overflowing]] for b, e in zip(batch, got)]
        except BaseException as e:  # a panic of the library is no Exception
            if isinstance(e, KeyboardInterrupt):
                raise
            case["error"] = str(e)[:60]
        if sum(len(e) for e in case.get("encodings", [])) < 12 and len(json.dumps(case)) < 3000:
            cases.append(case)
    with open(os.path.join(HERE, "lengths.json"), "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases) + "\n]\n")


main()
