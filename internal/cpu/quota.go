package cpu

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// quota returns how many processors' time the control groups of this process leave it, the least of its group's and of all above it; 0 for no limit.
func quota(root fs.FS) float64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	mounts, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return 0
	}
	least := 0.0
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		if len(fields) < 3 {
			continue
		}
		controllers, limit := fields[1], limitV1
		switch {
		case fields[0] == "0" && controllers == "":
			limit = limitV2
		case !hasWord(controllers, "cpu"):
			continue
		}
		point, top := mounted(string(mounts), controllers)
		if point == "" {
			continue
		}
		for group := within(fields[2], top); ; group = path.Dir(group) {
			if q := limit(root, strings.TrimPrefix(path.Join(point, group), "/")); q > 0 && (least == 0 || q < least) {
				least = q
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// hasWord reports whether a list with commas has a word.
func hasWord(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }

// mounted returns where the hierarchy of control groups with these controllers is mounted (none of them stand for version 2), and the group that
// is at the top of what is mounted there. The point is empty if there is none.
func mounted(mounts, controllers string) (point, top string) {
	for line := range strings.Lines(mounts) {
		before, after, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 5 || len(right) < 3 {
			continue
		}
		switch kind, options := right[0], right[2]; {
		case controllers == "" && kind == "cgroup2", controllers != "" && kind == "cgroup" && hasWord(options, "cpu"):
			return left[4], left[3]
		}
	}
	return "", ""
}

// within returns the path of a group below the one that is mounted; the mounted one itself where the group is elsewhere, as in containers that
// see the path outside.
func within(group, top string) string {
	if top == "/" {
		return path.Clean("/" + group)
	}
	if rest, ok := strings.CutPrefix(group, top); ok {
		return path.Clean("/" + rest)
	}
	return "/"
}

// limitV2 reads "max 100000" or "50000 100000".
func limitV2(root fs.FS, dir string) float64 {
	line, _ := readLine(root, path.Join(dir, "cpu.max"))
	quota, period, _ := strings.Cut(line, " ")
	return ratio(quota, period)
}

// limitV1 reads a quota, -1 for none, and a period, both in microseconds.
func limitV1(root fs.FS, dir string) float64 {
	quota, _ := readLine(root, path.Join(dir, "cpu.cfs_quota_us"))
	period, _ := readLine(root, path.Join(dir, "cpu.cfs_period_us"))
	return ratio(quota, period)
}

// ratio returns the quotient of two positive numbers, and 0 for anything else.
func ratio(quota, period string) float64 {
	q, err := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err != nil || err2 != nil || !(q > 0) || !(p > 0) {
		return 0
	}
	return q / p
}
