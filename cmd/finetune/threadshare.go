package main

import (
	"encoding/json"
	"os"
	"runtime"

	"github.com/seahorse-ml/seahorse/train"
)

// placement says where a rank runs.
type placement struct {
	Host  string
	Cores []uint64 // bits of those that it may run on; nil where the system doesn't tell
	Count int      // that it would use if it were alone
}

// threadShare returns how many threads a rank has, if those on its machine are to have as many cores each: a launcher that binds ranks to
// cores has divided them already.
func threadShare(ranks train.Ranks) (int, error) {
	host, err := os.Hostname()
	if err != nil {
		return 0, err
	}
	mine, err := json.Marshal(placement{host, affinity(), runtime.GOMAXPROCS(0)})
	if err != nil {
		return 0, err
	}
	told, err := train.Gather(ranks, mine)
	if err != nil {
		return 0, err
	}
	all := make([]placement, len(told))
	for i := range told {
		if err := json.Unmarshal(told[i], &all[i]); err != nil {
			return 0, err
		}
	}
	return all[ranks.Rank()].share(all), nil
}

// share returns the cores of a rank divided by the ranks that may run on some of them.
func (p placement) share(all []placement) int {
	together := 0
	for _, q := range all {
		if q.Host == p.Host && overlap(p.Cores, q.Cores) {
			together++
		}
	}
	return max(1, p.Count/max(1, together))
}

// overlap tells whether two sets of cores have one in common; one that isn't known has all.
func overlap(a, b []uint64) bool {
	if a == nil || b == nil {
		return true
	}
	for i := range min(len(a), len(b)) {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}
