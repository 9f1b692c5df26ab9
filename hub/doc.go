// Package hub finds models and data by the names that they have elsewhere: org/name in Hugging Face's cache and hub, and name:tag in what
// Ollama keeps on the disk.
//
// The cache is looked into first, and what is there is taken as it is, without a network. What is missing is fetched into it: only the files that
// are needed, each resumed where a connection was cut, and held to its checksum before it gets its name. The layout is that of Python's
// huggingface_hub, so either finds what the other has fetched:
//
//	CACHE/models--org--name/refs/main                      the commit that the branch was at
//	CACHE/models--org--name/snapshots/COMMIT/config.json   a link to a blob
//	CACHE/models--org--name/blobs/SUM                      content, named after its checksum
//	CACHE/models--org--name/trees/COMMIT.json              what files the commit has
//	CACHE/.locks/models--org--name/SUM.lock                who fetches a blob
//
// Names, checksums and links that a server tells are checked before they become paths: nothing outside of the cache is written.
package hub
