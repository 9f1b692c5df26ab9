// Package mpitest starts programs under the launchers of MPI that a machine has, and finds the processes that they start: for tests.
package mpitest
