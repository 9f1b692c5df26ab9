//go:build !windows && (!unix || solaris || aix)

package dirlock

import (
	"errors"
	"os"
)

// lock knows no locks here: the file stands for one.
func lock(*os.File) error { return errUnsupported }

func lockWhole(*os.File) error { return errUnsupported }

// alive can't know.
func alive(int) bool { return true }

// removeOpen removes the file and closes it.
func removeOpen(f *os.File, path string) error {
	return errors.Join(os.Remove(path), f.Close())
}
