#!/usr/bin/env bash
# Runs the README's commands, word for word, in an empty Debian that has Go and nothing else: as a user without rights, with a read-only home and
# system, a TMPDIR elsewhere, and spaces and Chinese in every path. `git clone` clones the commit at hand, the last command (go test) takes long
# and is run only with --tests.
#
#     sudo internal/proofs/container.sh [--tests] [ROOT]
#
# It needs Linux, root, Go and git. ROOT is the Debian to use, made by `debootstrap --variant=minbase bookworm ROOT`; without it that is run here.
set -euo pipefail
tests=
if [ "${1:-}" = --tests ]; then tests=yes && shift; fi
cd "$(dirname "$0")/../.."
if [ -z "${INSIDE_A_NAMESPACE:-}" ]; then
	INSIDE_A_NAMESPACE=yes exec unshare --mount "$0" ${tests:+--tests} "$@"
fi

work=$(mktemp -d)
mounted=
# what is mounted ends with the namespace; nothing below it must be removed
trap 'cd /; { [ -z "$mounted" ] || umount -R -l "$work/root"; } && rm -rf --one-file-system "$work"' EXIT
base=${1:-}
if [ -z "$base" ]; then
	base=$work/base
	debootstrap --variant=minbase bookworm "$base" http://deb.debian.org/debian >/dev/null
fi
root=$work/root place="/数据 und mehr"
mkdir "$root"
mount --make-rprivate /
mount --bind "$base" "$root"
mounted=yes
mkdir -p "$root/usr/local/go" "$root$place" "$root/home/读 者" "$root/etc/ssl/certs"
mount --bind "$(go env GOROOT)" "$root/usr/local/go"
mount -t tmpfs -o mode=755 tmpfs "$root/etc/ssl/certs"
cat /etc/ssl/certs/ca-certificates.crt >"$root/etc/ssl/certs/ca-certificates.crt"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mkdir "$work/place"
mount --bind "$work/place" "$root$place"
mount -t tmpfs -o ro,mode=755 tmpfs "$root/home/读 者"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero random urandom; do
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done

git clone -q . "$root$place/seahorse"
mkdir "$root$place/tmp 临时"
cp "$(go env GOROOT)/src/testdata/Isaac.Newton-Opticks.txt" "$root$place/seahorse/corpus.txt"
head -c 100000 "$root$place/seahorse/corpus.txt" >"$root$place/seahorse/held-out.txt"
for i in {1..200}; do
	echo "{\"prompt\": \"What is $i and one?\", \"completion\": \" $((i + 1))\"}"
done >"$root$place/seahorse/pairs.jsonl"
chown -R 12345:12345 "$work/place"
mount -o remount,bind,ro "$root"

{
	echo 'set -eu; cd seahorse'
	awk '/^## /{part=$0} /^    /{sub(/^    /, ""); print}' README.md | while read -r line; do
		case "$line" in
		git\ clone*) ;;
		go\ test*) [ -z "$tests" ] || printf '%s\n' "echo '\$ $line'" "$line" ;;
		# a server runs until it is stopped
		finetune\ board*) printf '%s\n' "echo '\$ $line'" "timeout -s INT 10 $line || [ \$? = 124 ]" ;;
		*) printf '%s\n' "echo '\$ $line'" "$line" ;;
		esac
	done
} >"$work/place/commands.sh"

# Go itself writes to its caches, which are in the home unless it is told another place
env -i PATH="/usr/local/go/bin:$place/bin:/usr/bin:/bin" HOME="/home/读 者" TMPDIR="$place/tmp 临时" LANG=C.UTF-8 NO_COLOR=1 \
	GOCACHE="$place/go cache" GOPATH="$place/go 路径" GOBIN="$place/bin" GOPROXY="$(go env GOPROXY)" GOFLAGS="$(go env GOFLAGS)" \
	"$(command -v chroot)" --userspec=12345:12345 --groups=12345 "$root" /bin/sh -c "cd '$place' && sh commands.sh" 2>&1 || { echo "failed"; exit 1; }
echo "all of the README's commands ran"
