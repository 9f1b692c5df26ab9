#!/usr/bin/env python3
"""Opens directories that finetune wrote with transformers and tokenizers, and compares.

transformers must load a model and its tokenizer without a warning; logits must differ by at most 1e-4; the tokenizer must give the same ids on English,
Chinese, emoji, code, control characters and 10,000 random strings, and the same text back. Directories may hold any
language model but the original Transformer, which transformers doesn't have. Run it in an environment with torch and transformers:

    python internal/proofs/hugging_face.py DIR ...
"""

import json
import logging
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TEXTS = [
    "The Rays which differ in Refrangibility differ also in Colour.",
    "Hello world, 你好! It's 2024.",
    "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 é é ﬁ",
    "func main() {\n\tfmt.Println(\"hi\")  // a comment\n}\n",
    "a\x00b\x01\x1f\x7f\x80\u200b\ufeff\u2028\u0085",
    "<|endoftext|> in <|endoftext|>the midst<|endoftext|>",
    "   leading\n\n\n and trailing \t ",
    "",
    "שלום عالم नमस्ते",
]
ALPHABETS = [
    "abcdefghij '.,\n",
    "aZ09 \t\n\r'sdtmrevl",
    "的一是不了人我在有他",
    "".join(map(chr, range(0x20, 0x2FF))),
    "👍🏽👩\u200d❤\ufe0f🇩🇪 x",
]


class Strict(logging.Handler):
    """Turns what a library logs as a warning into an error."""

    def emit(self, record):
        raise AssertionError(f"{record.name}: {record.getMessage()}")


def texts():
    draw = random.Random(1)
    yield from TEXTS
    for i in range(10_000):
        n = draw.randrange(1, 40)
        if i % 2:
            yield "".join(draw.choice(draw.choice(ALPHABETS)) for _ in range(n))
        else:
            code_points = (draw.randrange(0x110000 if draw.random() < 0.2 else 0x3000) for _ in range(n))
            yield "".join(chr(c) for c in code_points if not 0xD800 <= c < 0xE000)


def build(scratch, package):
    """Builds a program of this module and returns its path."""
    program = pathlib.Path(scratch, pathlib.Path(package).name)
    subprocess.run(["go", "build", "-o", program, package], cwd=ROOT, check=True)
    return program


def ours(finetune, tokenizer, lines, *flags):
    """Runs finetune tokenizer on lines, given and returned as bytes."""
    command = [finetune, "tokenizer", *flags, "--tokenizer", tokenizer]
    result = subprocess.run(command, input=b"".join(line + b"\n" for line in lines), stdout=subprocess.PIPE, check=True)
    return result.stdout.split(b"\n")[:-1]


def check_tokenizer(finetune, directory):
    reference = transformers.AutoTokenizer.from_pretrained(directory)
    lines = [part.rstrip("\r") for text in texts() for part in text.split("\n")]  # \r\n ends a line too
    encoded = ours(finetune, directory, [line.encode() for line in lines], "encode")
    assert len(encoded) == len(lines), (len(encoded), len(lines))
    expected = reference(lines)["input_ids"]
    wrong = 0
    for line, got, want in zip(lines, encoded, expected):
        if [int(i) for i in got.split()] != want:
            wrong += 1
            if wrong <= 5:
                print(f"ids of {line!r}: ours {got.decode()}, theirs {want}")
    decoded = ours(finetune, directory, [" ".join(map(str, ids)).encode() for ids in expected], "decode")
    differing = sum(
        "\n" not in (text := reference.decode(ids, clean_up_tokenization_spaces=False)) and got.decode(errors="replace") != text
        for got, ids in zip(decoded, expected)
    )
    print(f"tokenizer: {len(lines)} texts, {wrong} with other ids, {differing} decoded to another text")
    return wrong == 0 and differing == 0


def load(directory):
    """The model in a directory, loaded without a missing or unexpected tensor."""
    config = transformers.AutoConfig.from_pretrained(directory)
    if config.is_encoder_decoder:
        kind = transformers.AutoModelForSeq2SeqLM
    elif config.model_type in ("bert", "roberta", "albert"):
        kind = transformers.AutoModelForMaskedLM
    else:
        kind = transformers.AutoModelForCausalLM
    model, info = kind.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
    assert not any(info.values()), info
    assert [type(model).__name__] == config.architectures, (type(model).__name__, config.architectures)
    return model.eval()


def check_model(program, directory):
    model = load(directory)
    config = model.config
    length = getattr(config, "max_position_embeddings", 64)  # T5's positions have no end
    allowed = list(range(config.vocab_size))
    if config.model_type == "roberta":  # counts positions from its padding's id, and not on padding
        length -= config.pad_token_id + 1
        allowed.remove(config.pad_token_id)
    draw = random.Random(2)
    lengths = sorted({1, 2, length // 2 + 1, length})
    worst = 0.0
    for n in lengths:
        ids = [[draw.choice(allowed) for _ in range(n)] for _ in range(2)]
        result = subprocess.run([program, directory], input=json.dumps(ids), stdout=subprocess.PIPE, text=True, check=True)
        inputs = {"input_ids": torch.tensor(ids), "attention_mask": torch.ones(2, n, dtype=torch.long)}
        if config.is_encoder_decoder:
            inputs["decoder_input_ids"] = inputs["input_ids"]
        with torch.no_grad():
            theirs = model(**inputs).logits.reshape(-1)
        worst = max(worst, float((theirs - torch.tensor(json.loads(result.stdout))).abs().max()))
    print(f"{type(model).__name__}: texts of {lengths} tokens, logits differ by at most {worst:.1e}, allowed 1e-04")
    return worst <= 1e-4


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    warnings.simplefilter("error")
    transformers.utils.logging.set_verbosity_warning()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.add_handler(Strict(level=logging.WARNING))
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        finetune, logits = build(scratch, "./cmd/finetune"), build(scratch, "./models/internal/logits")
        for directory in sys.argv[1:]:
            directory = pathlib.Path(directory).resolve()
            print(f"{directory}:", flush=True)
            good &= check_model(logits, directory)
            good &= check_tokenizer(finetune, directory)
    sys.exit(not good)


if __name__ == "__main__":
    main()
