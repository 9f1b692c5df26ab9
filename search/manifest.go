package search

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// ManifestName is the file that makes a directory an index. It is replaced whenever the index changes.
const ManifestName = "index.json"

// Settings are what an index was made by.
type Settings struct {
	Model      string `json:"model,omitempty"`      // the directory of the embedder; "" without vectors
	Pooling    string `json:"pooling,omitempty"`    // where the user named one
	Normalize  *bool  `json:"normalize,omitempty"`  // likewise
	Dimensions int    `json:"dimensions,omitempty"` // that vectors were cut to; 0 for none
	Width      int    `json:"width"`                // D
	Language   string `json:"language,omitempty"`   // of stems
	By         By     `json:"by"`
	Length     int    `json:"length"`
	Overlap    int    `json:"overlap,omitempty"`
}

// manifest lists what counts in an index.
type manifest struct {
	Version  int            `json:"version"`
	Settings Settings       `json:"settings"`
	Next     int            `json:"next"` // number of the next segment
	Segments []segmentEntry `json:"segments"`
	Cells    *cellsEntry    `json:"cells,omitempty"` // nil where vectors are scanned
}

// segmentEntry is a segment of the manifest.
type segmentEntry struct {
	File    string `json:"file"`
	Size    int64  `json:"size"`
	Deleted []int  `json:"deleted,omitempty"` // documents that don't count any more, sorted
}

// cellsEntry is the file of cells.
type cellsEntry struct {
	File string `json:"file"`
	Size int64  `json:"size"`
}

const manifestVersion = 1

// sealed is a manifest with the CRC-32C of its JSON.
type sealed struct {
	CRC32C   uint32          `json:"crc32c"`
	Manifest json.RawMessage `json:"manifest"`
}

// write replaces the manifest of a directory.
func (m manifest) write(dir string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	b, err = json.Marshal(sealed{crc32.Checksum(b, castagnoli), b})
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return atomicfile.WriteBytes(filepath.Join(dir, ManifestName), append(b, '\n'))
}

// parseManifest reads a manifest.
func parseManifest(b []byte) (manifest, error) {
	var s sealed
	var m manifest
	if err := json.Unmarshal(b, &s); err != nil {
		return m, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if crc32.Checksum(s.Manifest, castagnoli) != s.CRC32C {
		return m, fmt.Errorf("%w: the checksum differs", errDamaged)
	}
	if err := json.Unmarshal(s.Manifest, &m); err != nil {
		return m, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if m.Version != manifestVersion {
		return m, fmt.Errorf("version %d, expected %d", m.Version, manifestVersion)
	}
	files := []string{}
	for _, e := range m.Segments {
		files = append(files, e.File)
		if !slices.IsSorted(e.Deleted) {
			return m, fmt.Errorf("%w: %s: deleted documents out of order", errDamaged, e.File)
		}
	}
	if m.Cells != nil {
		files = append(files, m.Cells.File)
	}
	for i, name := range files {
		if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || name == ManifestName || slices.Contains(files[:i], name) {
			return m, fmt.Errorf("%w: lists %q", errDamaged, name)
		}
	}
	if m.Settings.Width < 0 || m.Settings.Width > mostWidth || m.Next < 0 {
		return m, fmt.Errorf("%w: vectors of %d", errDamaged, m.Settings.Width)
	}
	return m, checkLanguage(m.Settings.Language)
}

// IsIndex tells whether a directory is an index.
func IsIndex(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ManifestName))
	return err == nil && info.Mode().IsRegular()
}
