package train

import "github.com/seahorse-ml/seahorse/internal/mpi"

// JoinRanks makes this process one of the ranks that an MPI launcher has started: mpirun, srun, or what has them behind it. The program must
// be built with the tag mpi then; the launcher's own library is loaded. Outside of a launcher, the process is the only rank. What is to be
// trained together needs two lines:
//
//	ranks, err := train.JoinRanks()
//	config.Ranks = ranks
func JoinRanks() (Ranks, error) {
	launcher, launched, err := mpi.Launched()
	if err != nil {
		return nil, err
	}
	if !launched || launcher.Ranks == 1 {
		return alone{}, nil
	}
	return mpi.Start(launcher)
}

// alone is the only rank of a run.
type alone struct{}

func (alone) Rank() int                    { return 0 }
func (alone) Size() int                    { return 1 }
func (alone) Exchange(_, _ [][]byte) error { return nil }
func (alone) Start(_, _ [][]byte, then func() (send, recv [][]byte)) func() error {
	if then != nil {
		then()
	}
	return func() error { return nil }
}
func (alone) Abort(error)  {}
func (alone) Close() error { return nil }
