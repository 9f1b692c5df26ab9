"""Compares exported directories with transformers: python check_transformers.py [DIR ...]

Each directory is loaded and written again by this module's code; transformers must load what
was written without a warning, and its logits must differ by 1e-4 at most. Without an argument
the models of the goldens are made by transformers first, also in shards, in bfloat16 and float16.
Needs Go, torch and transformers (made with 2.15.0 and 5.23.0).
"""

import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
import transformers
from goldens import HERE, fill

TOLERANCE = 1e-4


class Collector(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def load(directory):
    """The model in a directory and the warnings that loading it gave."""
    collector = Collector()
    transformers.utils.logging.get_logger("transformers").addHandler(collector)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, info = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
        transformers.GenerationConfig.from_pretrained(directory)
    transformers.utils.logging.get_logger("transformers").removeHandler(collector)
    problems = collector.messages + [str(w.message) for w in caught]
    problems += [f"{kind}: {keys}" for kind, keys in info.items() if keys]
    return model.eval(), problems


def check(directory):
    with tempfile.TemporaryDirectory() as scratch:
        original = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
        length = min(24, original.config.max_position_embeddings)
        ids = torch.randint(original.config.vocab_size, (2, length), generator=torch.Generator().manual_seed(1))
        command = ["go", "run", "./models/internal/logits", str(directory), scratch]
        result = subprocess.run(command, cwd=HERE.parent.parent, input=json.dumps(ids.tolist()), capture_output=True, text=True)
        if result.returncode:
            return [result.stderr.strip()]
        ours = torch.tensor(json.loads(result.stdout))
        model, problems = load(scratch)
        for name, m in (("the original", original), ("what was written", model)):
            with torch.no_grad():
                worst = float((m(ids).logits.reshape(-1) - ours).abs().max())
            print(f"  logits of {name} differ by {worst:.2g}")
            if not worst <= TOLERANCE:
                problems.append(f"logits of {name} differ by {worst}")
    return problems


def goldens(folder):
    """Directories of the goldens' models with their computed weights, as transformers writes them."""
    for path in sorted(HERE.glob("*.json")):
        config = json.loads(path.read_text()).get("config", {})
        kind = config.pop("model_type", "")
        if kind in ("", "transformer", "t5") or path.stem == "training":
            continue
        config = transformers.AutoConfig.for_model(kind, **config)
        model = transformers.AutoModelForCausalLM.from_config(config)
        fill(model)
        for variant, dtype, shard in (("", torch.float32, "5GB"), (" bf16", torch.bfloat16, "5GB"), (" f16 shards", torch.float16, "4KB")):
            directory = folder / (path.stem + variant.replace(" ", "-"))
            model.to(dtype).save_pretrained(directory, max_shard_size=shard)
            yield directory


def main():
    failed = False
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        for directory in map(pathlib.Path, sys.argv[1:]) if sys.argv[1:] else goldens(pathlib.Path(folder)):
            print(directory.name)
            for problem in check(directory.resolve()):
                failed = True
                print("  PROBLEM:", problem)
    sys.exit(failed)


if __name__ == "__main__":
    main()
