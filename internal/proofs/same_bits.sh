#!/usr/bin/env bash
# same_bits.sh OLD NEW [DIR]: makes a short run of each kind by two binaries of finetune, with the same seeds and without dropout, and compares the
# SHA-256 of their model.safetensors. It ends with status 1 where one differs. What changed bits on purpose is in CHANGELOG.md: what dropout draws, and
# the order in which micro-batches are added (--gradient-accumulation-steps above 1).
set -euo pipefail
old=$(realpath "$1") new=$(realpath "$2")
dir=${3:-$(mktemp -d)}
mkdir -p "$dir" && cd "$dir"

words=(red blue sun sea sky moon fire tree wind rain)
for i in $(seq 200); do
	a=${words[$((i * 7 % 10))]} b=${words[$((i * 3 / 7 % 10))]} c=${words[$((i * i % 10))]}
	echo "{\"source\": \"$a $b $c\", \"target\": \"$c $b $a\"}" >&3
	echo "{\"prompt\": \"$a $b $c: \", \"completion\": \"$c $b $a\"}" >&4
	echo "{\"text\": \"$a $b $c\", \"label\": \"$([ "$a" = fire ] || [ "$b" = sun ] && echo warm || echo cold)\"}" >&5
	echo "{\"text\": \"$a $b $c\", \"label\": $((i % 5)).5}" >&6
done 3>pairs.jsonl 4>prompts.jsonl 5>labels.jsonl 6>values.jsonl

small=(--n-layer 2 --n-embd 64 --n-head 4 --seq-len 48)
differ=0
run() { # NAME COMMAND ARGUMENTS...
	local name=$1 side sums=()
	shift
	for side in old new; do
		(mkdir -p "$side" && cd "$side" && "${!side}" "$@" --output-dir "$name" --dropout 0 --warmup-steps 2 --eval-steps 1000 --save-steps 1000 --sample-tokens 0 --threads 2 >"$name.log" 2>&1) ||
			{ echo "$name: $side failed: $(tail -1 "$side/$name.log")"; differ=1; return; }
		sums+=("$(sha256sum <"$side/$name/model.safetensors" | cut -c1-16)")
	done
	if [ "${sums[0]}" = "${sums[1]}" ]; then echo "$name: equal, ${sums[0]}"; else echo "$name: ${sums[0]} and ${sums[1]}"; differ=1; fi
}
run char pretrain --max-steps 40
run mini pretrain --preset mini --batch-size 4 --seq-len 64 --vocab-size 1000 --max-steps 4
run llama pretrain --arch llama "${small[@]}" --n-kv-head 2 --max-steps 12
run mixtral pretrain --arch mixtral "${small[@]}" --max-steps 12
run transformer pretrain --objective seq2seq --data ../pairs.jsonl "${small[@]}" --max-steps 20 --group-by-length
run t5 pretrain --arch t5 --data ../pairs.jsonl "${small[@]}" --max-steps 20
run masked pretrain --objective masked "${small[@]}" --vocab-size 500 --max-steps 12
run classifier sft --model masked --objective classification --data ../labels.jsonl --max-steps 20
run regression sft --model masked --objective regression --data ../values.jsonl --max-steps 20
run pairs sft --model char --data ../prompts.jsonl --max-steps 20
exit $differ
