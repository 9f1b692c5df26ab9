#!/bin/sh
# release.sh DIST OS/ARCH... builds finetune for each platform into the new folder DIST, and writes beside the binaries
#
#   SHA256SUMS   their sums, as `sha256sum -c` and `shasum -a 256 -c` read them
#   sbom.spdx    the modules that they are built from, with their versions, and Go's, as an SPDX 2.3 document
#
# What could differ from one machine to another is fixed: paths are trimmed, nothing is linked from the system, flags of the environment aren't heard, and processors
# are the oldest that Go builds for (the kernels choose their instructions when they run). The tag embeds the Chinese dictionaries packed, in a file
# that is made here and kept nowhere.
set -eu
dist=$1
shift
rm -rf "$dist"
mkdir -p "$dist"
unset GOEXPERIMENT GOAMD64 GOARM64
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOAMD64=v1 GOARM64=v8.0
created=$(TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null || echo 1970-01-01T00:00:00Z)
(cd data/tokenizer/internal/pretok && env -u GOOS -u GOARCH go run chinese_pack.go)
for platform in "$@"; do
	os=${platform%/*} arch=${platform#*/}
	name=finetune-$os-$arch
	[ "$os" != windows ] || name=$name.exe
	GOOS=$os GOARCH=$arch go build -trimpath -tags packed -ldflags '-s -w -buildid=' -o "$dist/$name" ./cmd/finetune
done
cd "$dist"
if command -v sha256sum >/dev/null; then sha256sum finetune-*; else shasum -a 256 finetune-*; fi >SHA256SUMS
go version -m finetune-* | awk -v created="$created" -v go="$(go env GOVERSION)" '
	function package(id, name, version, purl) {
		print "\nPackageName: " name "\nSPDXID: SPDXRef-" id "\nPackageVersion: " version "\nPackageDownloadLocation: NOASSERTION\nFilesAnalyzed: false"
		print "ExternalRef: PACKAGE-MANAGER purl pkg:" purl "@" version
		print "Relationship: " (id == "finetune" ? "SPDXRef-DOCUMENT DESCRIBES" : "SPDXRef-finetune DEPENDS_ON") " SPDXRef-" id
	}
	$1 == "mod" && !n++ {
		print "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: finetune " $3
		print "DocumentNamespace: https://" $2 "/sbom/" $3 "\nCreator: Tool: release.sh\nCreated: " created
		package("finetune", $2, $3, "golang/" $2)
		package("go", "stdlib", substr(go, 3), "golang/stdlib")
	}
	$1 == "dep" && !seen[$2]++ { package("module-" ++modules, $2, $3, "golang/" $2) }' >sbom.spdx
wc -c finetune-* | awk '$2 != "total" { printf "%7.1f MB  %s\n", $1 / 1e6, $2 }'
