package main

import (
	"io/fs"
	"testing"
)

func TestMemAvailable(t *testing.T) {
	if n, ok := memAvailable([]byte("MemTotal:       100 kB\nMemAvailable:   12 kB\n")); n != 12<<10 || !ok {
		t.Errorf("got %d, %v", n, ok)
	}
	if _, ok := memAvailable([]byte("MemTotal: 100 kB\n")); ok {
		t.Error("something is available of which nothing is said")
	}
}

func TestGroupMemory(t *testing.T) {
	const v1, v2 = "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/"
	for _, c := range []struct {
		name, groups string
		files        map[string]string
		want         int64
		known        bool
	}{
		{"version 2", "0::/job\n", map[string]string{v2 + "job/memory.max": "1000\n", v2 + "job/memory.current": "400\n", v2 + "job/memory.stat": "anon 1\ninactive_file 100\n"}, 700, true},
		{"a parent's limit", "0::/a/b\n", map[string]string{
			v2 + "a/memory.max": "500", v2 + "a/memory.current": "450", v2 + "a/b/memory.max": "1000", v2 + "a/b/memory.current": "400"}, 50, true},
		{"no limit", "0::/job\n", map[string]string{v2 + "job/memory.max": "max\n", v2 + "job/memory.current": "400\n"}, 0, false},
		{"version 1", "5:devices:/\n4:memory:/job\n0::/\n", map[string]string{
			v1 + "job/memory.limit_in_bytes": "1000", v1 + "job/memory.usage_in_bytes": "900", v1 + "job/memory.stat": "total_inactive_file 300"}, 400, true},
		{"nothing", "", nil, 0, false},
	} {
		got, known := groupMemory([]byte(c.groups), func(path string) ([]byte, error) {
			if content, ok := c.files[path]; ok {
				return []byte(content), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != c.want || known != c.known {
			t.Errorf("%s: %d, %v, expected %d, %v", c.name, got, known, c.want, c.known)
		}
	}
}
