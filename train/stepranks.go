package train

import (
	"encoding/binary"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
	"github.com/seahorse-ml/seahorse/optim"
)

// stepRanks is what a Stepper has where it is one of several ranks.
type stepRanks struct {
	Ranks
	reducer exchange.Reducer
	final   func(p *graph.Param) // of reducer, as early is
	early   func(p *graph.Param)
	await   func(p *graph.Param, rows bool)
	sharded bool            // the optimizer is
	unsent  bool            // the new parameters of the last update aren't on their way yet
	slot    int             // bytes in which a micro-batch is told to others
	lookups []lookup        // tables that may be exchanged in two parts
	late    []exchange.Rows // of each, the rows that come late in this step on any rank; nil where they are exchanged whole
	updates bool            // the optimizer makes a step
	waiting time.Duration   // for others, in all steps
	since   Traffic         // all behind the first step, where it is measured
	until   Traffic         // behind the last one
}

// join makes what the ranks have together.
func (s *Stepper) join(c StepperConfig) error {
	whole := s.passes[len(s.passes)-1]
	sharder, ok := s.optimizer.(optim.Sharder)
	s.ranks = &stepRanks{Ranks: c.Ranks, sharded: ok && c.ShardOptimizer, slot: 16 + whole.judge.packed()}
	s.ranks.lookups = s.sharedLookups()
	s.ranks.reducer = exchange.NewReducer(exchange.Config{
		Peers: c.Ranks, Params: whole.machine.GradientOrder(), Accumulation: c.Accumulation, Gather: !s.ranks.sharded,
		Round: c.RoundGradients, Lookups: tables(s.ranks.lookups),
	})
	s.ranks.final, s.ranks.early = s.ranks.reducer.Final, s.ranks.reducer.Early
	s.ranks.await = func(p *graph.Param, rows bool) {
		begin := time.Now()
		s.ranks.reducer.Await(p, rows)
		s.waited("parameters", begin)
	}
	if !s.ranks.sharded {
		return nil
	}
	return sharder.Shard(optim.Shards{Rank: c.Ranks.Rank(), Size: c.Ranks.Size(), Owner: s.ranks.reducer.Owner, Exchange: func(send, recv [][]byte) error {
		begin := time.Now()
		err := c.Ranks.Exchange(send, recv)
		if s.ranks.updates {
			s.waited("other ranks", begin)
		}
		return err
	}})
}

// spread lets the new parameters go to all ranks, if there are any: first the given rows of the tables that are looked up, or the whole tables where it
// is nil.
func (s *Stepper) spread(rows []exchange.Rows) {
	if s.ranks.unsent {
		s.ranks.unsent = false
		s.ranks.reducer.Spread(rows)
	}
}

// settle returns when this rank has the new parameters of all others, which are on their way behind a step. All ranks call it at one time.
func (s *Stepper) settle() error {
	if s.ranks == nil || !s.ranks.sharded {
		return nil
	}
	s.spread(nil)
	begin := time.Now()
	err := s.ranks.reducer.Settle()
	s.ranks.waiting += time.Since(begin) // between steps, which a profile doesn't count
	return err
}

// gatherState brings the optimizer's state to rank 0, which is about to save it.
func (s *Stepper) gatherState() error {
	if s.ranks == nil || !s.ranks.sharded {
		return nil
	}
	return s.optimizer.(optim.Sharder).Gather()
}

// count counts what is in the batches of all ranks, and returns the flags that all of them give.
func (s *Stepper) count(flags uint64) (all []uint64, err error) {
	s.counted = true
	if s.ranks == nil {
		clear(s.counts)
		for _, b := range s.batches {
			for k, name := range s.names {
				s.counts[k] += s.countOf(b, k, name)
			}
		}
		return nil, nil
	}
	mine := binary.LittleEndian.AppendUint64(nil, flags)
	last := len(s.batches) - 1
	late := s.rowsOf(s.batches[last])
	rows := late
	if last > 0 && s.ranks.unsent {
		rows = append(rows[:len(rows):len(rows)], s.rowsOf(s.batches[0])...) // which are read first
	}
	for _, rows := range rows {
		mine = append(mine, rows...)
	}
	for _, b := range s.batches { // one by one, so that sums don't depend on the number of ranks
		for k, name := range s.names {
			mine = appendFloats(mine, s.countOf(b, k, name))
		}
	}
	begin := time.Now()
	told, err := gatherEqual(s.ranks, mine)
	if err != nil {
		return nil, err
	}
	s.waited("other ranks", begin)
	clear(s.counts)
	for _, m := range told {
		all = append(all, binary.LittleEndian.Uint64(m))
		m = m[8:]
		for _, rows := range rows {
			rows.AddAll(m[:len(rows)])
			m = m[len(rows):]
		}
		one := make([]float64, len(s.counts))
		for len(m) > 0 {
			m = takeFloats(m, one)
			for k, n := range one {
				s.counts[k] += n
			}
		}
	}
	s.ranks.late = s.worthwhile(late)
	s.spread(s.worthwhile(rows[len(rows)-len(late):]))
	return all, nil
}

// countOf counts an input of a batch; the first is counted already.
func (s *Stepper) countOf(b *data.Batch, k int, name string) float64 {
	if k == 0 {
		return float64(b.Count)
	}
	return b.Total(name)
}

// passTogether finds the gradients of this rank's micro-batches, and what all ranks have found then.
func (s *Stepper) passTogether(random *graph.Random, r *StepResult) error {
	base := random.Step
	random.Step += uint64(s.ranks.Rank() * len(s.batches))
	told := make([]byte, 0, len(s.batches)*s.ranks.slot)
	for i, b := range s.batches {
		p := s.passFor(b)
		last := i == len(s.batches)-1
		if last {
			s.ranks.reducer.Begin(s.ranks.late)
			p.machine.OnGradient(s.ranks.final)
			p.machine.OnLookup(s.ranks.early)
		}
		if i == 0 && s.ranks.sharded {
			p.machine.OnRead(s.ranks.await)
		}
		if err := s.pass(p, *random, i); err != nil {
			return err
		}
		p.machine.OnRead(nil)
		p.machine.OnGradient(nil)
		p.machine.OnLookup(nil)
		if !last {
			s.ranks.reducer.Put()
		}
		told = s.tell(told, p, i)
		random.Step++
	}
	begin := time.Now()
	if err := s.ranks.reducer.Wait(); err != nil {
		return err
	}
	s.waited("sums", begin)
	random.Step = base + uint64(s.ranks.Size()*len(s.batches))
	begin = time.Now()
	all, err := gatherEqual(s.ranks, told)
	if err != nil {
		return err
	}
	s.waited("other ranks", begin)
	for _, told := range all {
		for i := range s.batches {
			s.hear(told[i*s.ranks.slot:], r)
		}
	}
	return nil
}

// tell appends what was found for micro-batch i, in a slot that has room for those of the whole layout.
func (s *Stepper) tell(dst []byte, p *pass, i int) []byte {
	for k := range s.passes {
		if p == &s.passes[k] {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(k))
		}
	}
	dst = appendFloats(dst, graph.Scalar(p.judge.loss.Total))
	if len(s.meters) > 0 {
		p.judge.read(s.batches[i])
		dst = p.judge.pack(dst)
	}
	return dst[:(i+1)*s.ranks.slot]
}

// hear takes in what a rank has found for a micro-batch.
func (s *Stepper) hear(slot []byte, r *StepResult) {
	p := &s.passes[binary.LittleEndian.Uint64(slot)]
	var loss [1]float64
	slot = takeFloats(slot[8:], loss[:])
	r.Loss += loss[0]
	if len(s.meters) > 0 {
		p.judge.unpack(slot)
		p.judge.add(s.meters)
	}
}
