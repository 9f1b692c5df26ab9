package main

import (
	"os"
	"runtime/debug"

	"github.com/seahorse-ml/seahorse/models"
)

// garbagePercent is how much of the memory in use may wait to be collected. Most of it is a model's, which stays, so that collecting
// costs little, and Go's 100 would take twice what was estimated.
const garbagePercent = 10

// boundGarbage keeps the process close to what was estimated, unless the user says otherwise by GOGC.
func boundGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

// openModel reads the model of a directory.
func openModel(dir string) (models.Model, error) {
	boundGarbage()
	return models.Open(dir, models.OpenConfig{})
}
