#!/usr/bin/env bash
# Pretrains a tiny model of every family that transformers has and holds what is written to it: see hugging_face.py.
#
#     internal/proofs/exports.sh [PYTHON]
set -euo pipefail
python=${1:-python}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/finetune" ./cmd/finetune
for i in {1..40}; do
	echo "{\"prompt\": \"the word of number $i\", \"completion\": \"W O R D $i\"}"
done >"$work/pairs.jsonl"
directories=()
for arch in glm4 gpt2 gpt_neox granite llama mistral olmo2 phi3 qwen2 qwen3 gemma3_text mixtral bert roberta albert t5; do
	data=()
	if [ $arch = t5 ]; then
		data=(--data "$work/pairs.jsonl")
	fi
	"$work/finetune" pretrain --arch $arch "${data[@]}" --n-layer 2 --n-embd 32 --n-head 2 --seq-len 32 \
		--max-steps 2 --sample-tokens 0 --output-dir "$work/$arch" 2>"$work/log" || { cat "$work/log" && exit 1; }
	directories+=("$work/$arch")
done
"$python" internal/proofs/hugging_face.py "${directories[@]}"
