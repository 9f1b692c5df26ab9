// Package mpi connects the processes that an MPI launcher has started. With the build tag mpi, the library of the launcher is loaded
// when the program runs: Open MPI 4 to 6, MPICH 4 and 5 and what has its binary interface, and any library with the standard interface of MPI 5. Nothing is
// linked, and no C compiler is needed. Without the tag, Start only tells that it is missing.
//
// One thread makes all calls of the library. It waits by looking, so that meanwhile it can tell the others that this process is alive, and
// hear that they are.
package mpi

import "errors"

// ErrTag says that the program was built without the tag mpi.
var ErrTag = errors.New("mpi: this program was built without MPI; build it with: CGO_ENABLED=0 go build -tags mpi")
