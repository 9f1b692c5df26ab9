package cpu

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// performance returns how many processors of mask are performance cores of a hybrid processor: those that Linux lists as such (Intel), or whose
// capacity is half of the largest at least (arm64). It is 0 where there are no others.
func performance(root fs.FS, mask []int) int {
	var isFast func(int) bool
	if list, ok := readLine(root, "sys/devices/cpu_core/cpus"); ok {
		isFast = func(i int) bool { return listed(list, i) }
	} else {
		capacity := make(map[int]int, len(mask))
		for _, i := range mask {
			line, ok := readLine(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d/cpu_capacity", i))
			n, err := strconv.Atoi(line)
			if !ok || err != nil {
				return 0
			}
			capacity[i] = n
		}
		var all []int
		for _, n := range capacity {
			all = append(all, n)
		}
		isFast = func(i int) bool { return 2*capacity[i] >= slices.Max(all) }
	}
	fast := 0
	for _, i := range mask {
		if isFast(i) {
			fast++
		}
	}
	if fast == len(mask) {
		return 0
	}
	return fast
}

// listed reports whether a list such as 0-3,8 has a number.
func listed(list string, number int) bool {
	for part := range strings.SplitSeq(list, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err == nil && err2 == nil && from <= number && number <= to {
			return true
		}
	}
	return false
}

// readLine returns the first line of a file, and whether there is one.
func readLine(root fs.FS, name string) (line string, ok bool) {
	text, err := fs.ReadFile(root, name)
	line, _, _ = strings.Cut(string(text), "\n")
	return strings.TrimSpace(line), err == nil && line != ""
}
