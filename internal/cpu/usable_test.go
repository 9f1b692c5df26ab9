package cpu

import (
	"runtime"
	"testing"
	"testing/fstest"
)

const (
	mountV2     = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	mountV1     = "41 35 0:35 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n42 35 0:36 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	mountDocker = "42 35 0:36 /docker/f00 /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
)

func TestUsable(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		mask  []int
		want  int
	}{
		"nothing known":     {nil, nil, runtime.NumCPU()},
		"mask":              {nil, []int{3, 5, 9}, 3},
		"version 2":         {map[string]string{"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/a/b/cpu.max": "200000 100000\n"}, make([]int, 8), 2},
		"half":              {map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/cpu.max": "50000 100000\n"}, make([]int, 8), 1},
		"little":            {map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/cpu.max": "1000 100000\n"}, make([]int, 8), 1},
		"one and a half":    {map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/cpu.max": "150000 100000\n"}, make([]int, 8), 2},
		"more than there":   {map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/cpu.max": "900000 100000\n"}, make([]int, 4), 4},
		"no limit":          {map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/cpu.max": "max 100000\n"}, make([]int, 4), 4},
		"limit above":       {map[string]string{"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/a/cpu.max": "300000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, make([]int, 8), 3},
		"version 1":         {map[string]string{"proc/self/cgroup": "9:memory:/x\n4:cpu,cpuacct:/y\n0::/\n", "proc/self/mountinfo": mountV1, "sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us": "250000\n", "sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us": "50000\n"}, make([]int, 8), 5},
		"version 1 without": {map[string]string{"proc/self/cgroup": "4:cpu,cpuacct:/y\n", "proc/self/mountinfo": mountV1, "sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu,cpuacct/y/cpu.cfs_period_us": "50000\n"}, make([]int, 8), 8},
		"container":         {map[string]string{"proc/self/cgroup": "4:cpu:/docker/f00\n", "proc/self/mountinfo": mountDocker, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, make([]int, 8), 1},
		"path from outside": {map[string]string{"proc/self/cgroup": "4:cpu:/../other\n", "proc/self/mountinfo": mountDocker, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, make([]int, 8), 2},
		"nonsense":          {map[string]string{"proc/self/cgroup": ":\n0::\nx", "proc/self/mountinfo": "- \n" + mountV2, "sys/fs/cgroup/cpu.max": "NaN -3\n"}, make([]int, 4), 4},
		"hybrid":            {map[string]string{"sys/devices/cpu_core/cpus": "0-3,6\n"}, []int{0, 1, 2, 3, 4, 5, 6, 7}, 5},
		"hybrid, all fast":  {map[string]string{"sys/devices/cpu_core/cpus": "0-3\n"}, []int{1, 2}, 2},
		"hybrid, all slow":  {map[string]string{"sys/devices/cpu_core/cpus": "0-3\n"}, []int{4, 5, 6}, 3},
		"big and little": {map[string]string{"sys/devices/system/cpu/cpu0/cpu_capacity": "250\n", "sys/devices/system/cpu/cpu1/cpu_capacity": "250\n",
			"sys/devices/system/cpu/cpu2/cpu_capacity": "870\n", "sys/devices/system/cpu/cpu3/cpu_capacity": "1024\n"}, []int{0, 1, 2, 3}, 2},
		"all alike": {map[string]string{"sys/devices/system/cpu/cpu0/cpu_capacity": "1024\n", "sys/devices/system/cpu/cpu1/cpu_capacity": "1024\n"}, []int{0, 1}, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for path, text := range test.files {
				root[path] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := usable(root, test.mask); got != test.want {
				t.Errorf("%d processors, want %d", got, test.want)
			}
		})
	}
}

func TestUsableHere(t *testing.T) {
	if n := Usable(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("%d of %d processors", n, runtime.NumCPU())
	}
}
