//go:build mpi && linux

package mpi

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is a loaded MPI library: its functions, and what it calls things.
type library struct {
	path, version string
	handle        uintptr

	world, bytes uintptr // MPI_COMM_WORLD and MPI_BYTE
	funneled     uintptr // MPI_THREAD_FUNNELED
	handleSize   int     // bytes of a request

	initThread, commRank, commSize, isend, irecv, test, testall, abort, finalize uintptr
}

// load opens the library of a launcher.
func load(l Launcher) (*library, error) {
	quiet()
	names := l.libraries()
	if path := os.Getenv(LibraryVariable); path != "" {
		names = []string{path}
	}
	var tried []error
	for _, name := range names {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL)
		if err != nil {
			tried = append(tried, err)
			continue
		}
		lib := &library{path: name, handle: handle}
		return lib, lib.open()
	}
	return nil, fmt.Errorf("mpi: the library of %s isn't found; name it by %s: %w", l.Name, LibraryVariable, errors.Join(tried...))
}

// libraries returns the names that the launcher's library may have, the likeliest first.
func (l Launcher) libraries() []string {
	open := []string{"libmpi.so.40", "libmpi.so.80"}
	mpich := []string{"libmpich.so.12", "libmpi.so.12"}
	standard := []string{"libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so"}
	if l.Name == "MPICH" {
		return append(append(mpich, standard...), open...)
	}
	return append(append(open, mpich...), standard...)
}

// quiet keeps libraries from catching the signals by which Go finds nil pointers. They read the environment of C, which may not be
// that of os.Setenv.
func quiet() {
	for name, value := range map[string]string{"UCX_ERROR_SIGNALS": "", "OMPI_MCA_opal_signal": ""} {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		os.Setenv(name, value)
		if setenv, err := purego.Dlsym(purego.RTLD_DEFAULT, "setenv"); err == nil {
			n, v := append([]byte(name), 0), append([]byte(value), 0)
			purego.SyscallN(setenv, uintptr(unsafe.Pointer(&n[0])), uintptr(unsafe.Pointer(&v[0])), 1)
		}
	}
}

// atExit does what libraries want done when a program ends, which Go's end doesn't: MPICH 5 takes leave of its launcher only then, and the
// launcher kills the other processes of one that hasn't.
func atExit() {
	if finalize, err := purego.Dlsym(purego.RTLD_DEFAULT, "__cxa_finalize"); err == nil {
		purego.SyscallN(finalize, 0)
	}
}

// open finds out which interface the library has, and its functions.
func (l *library) open() error {
	for name, f := range map[string]*uintptr{
		"MPI_Init_thread": &l.initThread, "MPI_Comm_rank": &l.commRank, "MPI_Comm_size": &l.commSize, "MPI_Isend": &l.isend,
		"MPI_Irecv": &l.irecv, "MPI_Test": &l.test, "MPI_Testall": &l.testall, "MPI_Abort": &l.abort, "MPI_Finalize": &l.finalize,
	} {
		var err error
		if *f, err = purego.Dlsym(l.handle, name); err != nil {
			return fmt.Errorf("mpi: %s is no MPI library: %w", l.path, err)
		}
	}
	l.version = l.ask()
	l.funneled, l.handleSize = 1, 8
	if l.standard() {
		l.world, l.bytes, l.funneled = 0x101, 0x247, 1024
		return nil
	}
	if world, err := purego.Dlsym(l.handle, "ompi_mpi_comm_world"); err == nil {
		l.world = world
		l.bytes, err = purego.Dlsym(l.handle, "ompi_mpi_byte")
		return err
	}
	for _, name := range []string{"MPICH", "MVAPICH", "Intel(R) MPI"} {
		if strings.Contains(l.version, name) {
			l.world, l.bytes, l.handleSize = 0x44000000, 0x4c00010d, 4
			return nil
		}
	}
	return fmt.Errorf("mpi: %s is %q, expected Open MPI, MPICH, or a library with the interface of MPI 5", l.path, l.version)
}

// standard tells whether the library has the binary interface of MPI 5.
func (l *library) standard() bool {
	f, err := purego.Dlsym(l.handle, "MPI_Abi_get_version")
	if err != nil {
		return false
	}
	answer := new([2]int32)
	r, _, _ := purego.SyscallN(f, uintptr(unsafe.Pointer(&answer[0])), uintptr(unsafe.Pointer(&answer[1])))
	return int32(r) == 0 && answer[0] == 1
}

// ask returns what the library says of itself.
func (l *library) ask() string {
	f, err := purego.Dlsym(l.handle, "MPI_Get_library_version")
	if err != nil {
		return ""
	}
	text, n := make([]byte, 8192+1), new(int32)
	if r, _, _ := purego.SyscallN(f, uintptr(unsafe.Pointer(&text[0])), uintptr(unsafe.Pointer(n))); int32(r) != 0 {
		return ""
	}
	first, _, _ := strings.Cut(string(text[:min(max(0, int(*n)), len(text))]), "\n")
	return strings.TrimRight(first, "\x00 ")
}

// call calls a function and returns an error if it does.
func (l *library) call(name string, f uintptr, args ...uintptr) error {
	if r, _, _ := purego.SyscallN(f, args...); int32(r) != 0 {
		return fmt.Errorf("mpi: %s returns the error %d", name, int32(r))
	}
	return nil
}
