#!/usr/bin/env bash
# Runs every fuzz target of the tree for a time, ten minutes by default, and prints how often each was executed. It ends with 1 where one finds something;
# what it found then lies in the testdata/fuzz of its package.
#
#     internal/proofs/fuzz.sh [TIME [REGEX]]        # fuzz.sh 30s 'Parse|Read'
#
# Inputs that reach new code are made smaller by 5 tries each rather than for a minute, which on targets of files would take most of the time.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CGO_ENABLED=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
found=0
while IFS=: read -r file line; do
	target=$(sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/' <<<"$line")
	[[ $target =~ ${2:-.} ]] || continue
	if go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${1:-10m}" -fuzzminimizetime 5x >"$log" 2>&1; then
		printf '%-40s %-24s %s executions\n' "$(dirname "$file")" "$target" "$(grep -o 'execs: [0-9]*' "$log" | tail -1 | grep -o '[0-9]*')"
	else
		found=1
		printf '%s %s FOUND:\n' "$(dirname "$file")" "$target"
		tail -30 "$log"
	fi
done < <(git grep -n '^func Fuzz' -- '*_test.go' | sed 's/:[0-9]*:/:/')
exit $found
