package data

import (
	"errors"
	"sync/atomic"
)

func (c *cutter) parquet(read *atomic.Int64, yield func(*block) bool) error {
	return errors.New("TODO")
}
