package track

import (
	"bytes"
	"os"
	"strconv"
)

// residentMemory returns the bytes of memory that the process holds, or 0 where that can't be known.
func residentMemory() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(raw)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
