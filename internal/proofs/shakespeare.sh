#!/usr/bin/env bash
# Trains nanoGPT's documented CPU recipe on a text with three seeds and prints each validation loss over the whole last tenth of the text.
# On tinyshakespeare PyTorch reaches 1.880 and 1.899; ours must not be above 1.91.
#
#     internal/proofs/shakespeare.sh TINYSHAKESPEARE.txt [LIMIT]
set -euo pipefail
text=$(realpath "${1:?usage: shakespeare.sh TEXT [LIMIT]}")
limit=${2:-1.91}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/finetune" ./cmd/finetune
failed=0
for seed in 1337 1338 1339; do
	"$work/finetune" pretrain --data "$text" --output-dir "$work/$seed" --seed "$seed" --tokenizer char \
		--n-layer 4 --n-head 4 --n-embd 128 --seq-len 64 --batch-size 12 --max-steps 2000 --dropout 0 \
		--learning-rate 1e-3 --min-learning-rate 1e-4 --lr-scheduler-type cosine --warmup-steps 100 --beta2 0.99 --weight-decay 0.1 --max-grad-norm 1 \
		--validation-split 0.1 --eval-steps 500 --sample-tokens 0
	loss=$(grep -o '"eval_loss": *[0-9.]*' "$work/$seed/metrics.jsonl" | tail -n 1 | grep -o '[0-9.]*$')
	echo "seed $seed: validation loss $loss"
	awk -v loss="$loss" -v limit="$limit" 'BEGIN { exit !(loss <= limit) }' || failed=1
done
exit $failed
