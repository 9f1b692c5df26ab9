package board

import (
	"strings"
	"sync"
	"time"

	"github.com/seahorse-ml/seahorse/internal/report"
)

// A view is what somebody looks at: some runs, read on as they go.
type view struct {
	mutex     sync.Mutex
	followers []*report.Follower
	version   int
	used      time.Time
}

// Bounds of views.
const (
	mostViews = 8
	restView  = time.Minute // after which a view that nobody asks for is forgotten
)

// views are those that are looked at.
type views struct {
	mutex sync.Mutex
	known map[string]*view
}

// get returns the view of some directories, locked and up to date.
func (v *views) get(dirs []string) (*view, error) {
	one := v.of(strings.Join(dirs, "\x00"), dirs)
	one.mutex.Lock()
	changed, err := report.UpdateAll(one.followers)
	if err != nil {
		one.mutex.Unlock()
		return nil, err
	}
	one.version += changed
	return one, nil
}

// of finds or makes a view, and forgets others where there are too many.
func (v *views) of(key string, dirs []string) *view {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	now := time.Now()
	if v.known == nil {
		v.known = map[string]*view{}
	}
	one := v.known[key]
	if one == nil {
		one = &view{version: int(now.UnixMilli())} // which no page of another view has seen
		for _, dir := range dirs {
			one.followers = append(one.followers, report.Follow(dir))
		}
		v.known[key] = one
	}
	one.used = now
	for len(v.known) > 1 {
		oldest := ""
		for k, other := range v.known {
			if other != one && (oldest == "" || other.used.Before(v.known[oldest].used)) {
				oldest = k
			}
		}
		if len(v.known) <= mostViews && now.Sub(v.known[oldest].used) < restView {
			break
		}
		delete(v.known, oldest)
	}
	return one
}
