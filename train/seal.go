package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// sealPrefix begins a JSON file that holds the checksum of itself: of its text without the line of the checksum.
const sealPrefix = "{\n  \"crc32c\": "

// writeSealed stores v, which must be a struct or map with members, as JSON with a checksum.
func writeSealed(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	sealed := fmt.Appendf(nil, "%s%d,", sealPrefix, crc32.Checksum(raw, castagnoli))
	return atomicfile.WriteBytes(path, append(sealed, raw[1:]...))
}

// readSealed reads what writeSealed stored. Files from before there were checksums have none, and are read all the same.
func readSealed(path string, v any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	if rest, ok := bytes.CutPrefix(raw, []byte(sealPrefix)); ok {
		digits, rest, _ := bytes.Cut(rest, []byte(","))
		want, err := strconv.ParseUint(string(digits), 10, 32)
		if err != nil {
			return fmt.Errorf("%s: its checksum is %.20q, expected a number", name, digits)
		}
		raw = append([]byte("{"), rest...)
		if got := crc32.Checksum(raw, castagnoli); got != uint32(want) {
			return fmt.Errorf("%s has the checksum %08x, written was %08x", name, got, want)
		}
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
