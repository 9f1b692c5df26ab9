package main

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"strconv"
	"strings"
)

// availableMemory returns how many bytes the process can still take: what the system has to give without swapping, or what its
// control group leaves it, if that is less.
func availableMemory() (bytes int64, known bool) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	free, known := memAvailable(info)
	groups, _ := os.ReadFile("/proc/self/cgroup")
	if left, ok := groupMemory(groups, os.ReadFile); ok && (!known || left < free) {
		return left, true
	}
	return free, known
}

// residentMemory returns what of the process is in memory, files that it has mapped included.
func residentMemory() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// peakMemory returns the most memory that the process has had since forgetPeak, files that it has mapped included; 0 where the system doesn't tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "VmHWM:" {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

// forgetPeak makes the memory of now the most that the process has had, where the system can.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// memAvailable reads MemAvailable from a /proc/meminfo.
func memAvailable(info []byte) (int64, bool) {
	for lines := bufio.NewScanner(bytes.NewReader(info)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemAvailable:" && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n << 10, err == nil
		}
	}
	return 0, false
}

// groupMemory returns what the control groups in a /proc/self/cgroup leave, in version 2 and 1, parents included. Files that were read
// and lie in memory are not counted as used, as far as the system would drop them first.
func groupMemory(groups []byte, read func(path string) ([]byte, error)) (left int64, known bool) {
	number := func(file string) (int64, bool) {
		raw, err := read(file)
		if err != nil {
			return 0, false
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64) // "max" is no number
		return n, err == nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(groups)); lines.Scan(); {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, limit, usage, cache := "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
		switch {
		case parts[1] == "memory":
			root, limit, usage, cache = "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
		case parts[1] != "":
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			most, limited := number(path.Join(root, dir, limit))
			used, counted := number(path.Join(root, dir, usage))
			stat, _ := read(path.Join(root, dir, "memory.stat"))
			used -= statOf(stat, cache)
			if limited && counted && (!known || most-used < left) {
				left, known = most-used, true
			}
			if dir == "/" {
				break
			}
		}
	}
	return left, known
}

// statOf returns a number of a memory.stat, 0 where it isn't there.
func statOf(stat []byte, key string) int64 {
	for lines := bufio.NewScanner(bytes.NewReader(stat)); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), " "); name == key {
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}
