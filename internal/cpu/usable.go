package cpu

import (
	"io/fs"
	"os"
	"runtime"
	"sync"
)

// Usable returns how many processors this process may use, at least 1: those of its affinity mask, of which a hybrid processor's performance cores
// alone are counted, if there are any among them, as the others would hold up loops that all share; and no more than its
// control groups (versions 1 and 2) let it use of the time, rounded to the next whole number. So a quota of half a processor gives 1.
//
// It is found out once, on Linux. Elsewhere it is runtime.NumCPU.
var Usable = sync.OnceValue(func() int {
	if runtime.GOOS != "linux" {
		return runtime.NumCPU()
	}
	return usable(os.DirFS("/"), mask())
})

// usable counts the processors of a mask as the files below root say. A mask that isn't known is nil.
func usable(root fs.FS, mask []int) int {
	n := runtime.NumCPU()
	if mask != nil {
		n = len(mask)
		if fast := performance(root, mask); fast > 0 {
			n = fast
		}
	}
	if quota := quota(root); quota > 0 {
		n = min(n, int(quota+0.5))
	}
	return max(n, 1)
}
