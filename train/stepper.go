package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/optim"
)

// ErrDiverged tells that a loss or a gradient is infinite or no number.
var ErrDiverged = errors.New("training diverged")

// MakeOptimizer makes the optimizer of the given parameters: those that the loss depends on
// and that aren't frozen. Estimates of memory call it with outlines of them, to which only their names and shapes belong.
type MakeOptimizer func(params []*graph.Param) (optim.Optimizer, error)

// defaultWeightDecay is that of GPT-3 (Brown et al., 2020).
const defaultWeightDecay = 0.1

// DefaultOptimizer makes AdamW with optim.DefaultAdamConfig and a weight decay of 0.1 on
// parameters of two or more dimensions.
func DefaultOptimizer(params []*graph.Param) (optim.Optimizer, error) {
	return optim.NewAdamW(optim.Groups(params, defaultWeightDecay), optim.DefaultAdamConfig())
}

// StepperConfig configures NewStepper.
type StepperConfig struct {
	Rows           int           // B, of a micro-batch, > 0
	Layout         data.Layout   // what the rows have, as their dataset says
	Accumulation   int           // micro-batches in a step, > 0
	Seed           uint64        // of dropout
	Optimizer      MakeOptimizer // nil is DefaultOptimizer
	LabelSmoothing float64       // mass of each target that is spread evenly over the vocabulary, in [0, 1); default 0
	// Checkpointing computes blocks again in the backward pass, to the same bits, rather than to keep what is in them
	// (graph.Config.Checkpointing): less memory, and about a third more time. Default false.
	Checkpointing bool
	// BFloat16 rounds what linear operations multiply to bfloat16 (graph.Config.BFloat16). Default false.
	BFloat16 bool
	// Narrow are layouts of shorter rows, the shortest first, that micro-batches are computed in where they use no more
	// (data.Batch.Used). Default: none.
	Narrow []data.Layout
	// Ranks make each step together: Accumulation times their number of micro-batches, the first of them those of rank 0. All ranks call NewStepper
	// and Step at one time. Nil is this process alone.
	Ranks Ranks
	// ShardOptimizer lets each rank keep the state of its part of the parameters only, where the optimizer is an optim.Sharder as Adam is: the
	// same result with less memory. Default false.
	ShardOptimizer bool
	// RoundGradients rounds the gradient of each micro-batch to bfloat16 before they are added up, and each of their sums: ranks send them in half of the
	// bytes then, and the result is still the same for any number of ranks, this process alone among them. It costs exactness: 8 bits are left of each
	// number. Default false.
	RoundGradients bool
}

// A Stepper makes optimization steps on batches of one shape, and of narrower ones if it is told to. After the first step, a
// step allocates nothing. It is not safe for concurrent use.
type Stepper struct {
	passes    []pass // the last is of the whole layout
	optimizer optim.Optimizer
	batches   []*data.Batch
	random    graph.Random
	tried     graph.Random // after the last step, made or not
	profile   *graph.Profile
	meters    []layers.Meter // of the figures
	lengths   []string       // of the whole layout
	additions []int          // what is added to each micro-batch's gradient; see exchange.Additions
	aside     exchange.Stack // the sums of gradients that wait for others
	names     []string       // of the inputs whose elements are counted, that of the targets first
	counts    []float64      // of their elements in this step, or of floats their sums, on all ranks
	counted   bool           // counts is of the batches as they are
	ranks     *stepRanks     // nil for one
	params    []*graph.Param // that are trained
	rowLosses [][]rowLoss    // of the last step, of each micro-batch
	look      *Look          // to be filled by the next step; nil for none
	updating  time.Duration  // how long the last update took
}

// A pass is a forward and backward pass over a micro-batch of one layout.
type pass struct {
	machine *graph.Machine
	inputs  inputs
	judge   *judge
}

// StepResult is what a step found.
type StepResult struct {
	Loss     float64 // mean over the targets of all micro-batches
	GradNorm float64 // global norm before clipping
	Targets  int
	Figures  Figures // of the model, but for those of evaluations only
}

// Validate tells what is wrong with the configuration, or nil.
func (c StepperConfig) Validate() error {
	if c.Rows < 1 || c.Accumulation < 1 {
		return fmt.Errorf("train: step: %d rows, %d times, expected at least 1 of each", c.Rows, c.Accumulation)
	}
	for _, l := range c.layouts() {
		if err := l.Validate(); err != nil {
			return fmt.Errorf("train: step: %w", err)
		}
		if !l.Narrower(c.Layout) {
			return fmt.Errorf("train: step: the layout %v is no narrower form of %v", l, c.Layout)
		}
	}
	return nil
}

// optimizer returns what makes the optimizer.
func (c StepperConfig) optimizer() MakeOptimizer {
	if c.Optimizer == nil {
		return DefaultOptimizer
	}
	return c.Optimizer
}

// layouts returns those that are traced, the whole one last.
func (c StepperConfig) layouts() []data.Layout { return append(slices.Clone(c.Narrow), c.Layout) }

// NewStepper traces a training step of the model and plans its memory.
func NewStepper(m Model, c StepperConfig) (*Stepper, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Stepper{random: graph.Random{Seed: c.Seed}}
	var params []*graph.Param
	compile := graph.Compile // and then in the memory of the first, that of the whole layout
	for _, l := range slices.Backward(c.layouts()) {
		g, in, j, err := traceStep(m, c, l)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("train: %w", err), s.Close())
		}
		machine, err := compile(g, append(j.outputs(), j.loss.Total)...)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("train: %w", err), s.Close())
		}
		j.bind()
		s.passes = slices.Insert(s.passes, 0, pass{machine, in, j})
		compile, params = s.compile, trained(g)
	}
	var err error
	if s.optimizer, err = c.optimizer()(params); err != nil {
		return nil, errors.Join(fmt.Errorf("train: %w", err), s.Close())
	}
	s.params = params
	s.meters, s.lengths = s.passes[0].judge.meters(), c.Layout.Lengths()
	s.names = []string{targetsOf(c.Layout)}
	for _, p := range s.passes {
		for _, scale := range p.inputs.scales {
			if !slices.Contains(s.names, scale.counted) {
				s.names = append(s.names, scale.counted)
			}
		}
	}
	s.counts = make([]float64, len(s.names))
	if several(c.Ranks) {
		if err := s.join(c); err != nil {
			return nil, errors.Join(fmt.Errorf("train: %w", err), s.Close())
		}
	} else {
		var depth int
		s.additions, depth = exchange.Additions(exchange.Branches(c.Accumulation, 0, c.Accumulation))
		s.aside = exchange.NewStack(params, depth, c.RoundGradients)
	}
	for range c.Accumulation {
		s.batches, s.rowLosses = append(s.batches, data.NewBatch(c.Rows, c.Layout)), append(s.rowLosses, make([]rowLoss, c.Rows))
	}
	return s, nil
}

// compile compiles a trace that doesn't run during a step, into the memory of steps where that is enough.
func (s *Stepper) compile(g *graph.Graph, outputs ...*graph.Node) (*graph.Machine, error) {
	return s.passes[len(s.passes)-1].machine.Compile(g, outputs...)
}

// trained returns the parameters of a trace that have a gradient.
func trained(g *graph.Graph) []*graph.Param {
	var params []*graph.Param
	for _, p := range g.Params() {
		if !p.Frozen {
			params = append(params, p)
		}
	}
	return params
}

// Batches returns the micro-batches of the next step, one for each accumulation, to be
// filled before Step.
func (s *Stepper) Batches() []*data.Batch { return s.batches }

// Step makes one optimization step on the content of Batches. The losses of all targets in
// all micro-batches count alike, so several of them equal one large batch; their gradients are found one by one and added up in a
// tree that depends on their number only. An error leaves parameters,
// optimizer and random state as they were: an ErrDiverged, or that of ctx, which is
// asked before each micro-batch.
func (s *Stepper) Step(ctx context.Context, learningRate float64) (StepResult, error) {
	r, err := s.step(ctx, learningRate)
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return r, fmt.Errorf("train: %w", err)
	}
	return r, nil
}

// step is Step, but for new parameters of other ranks that may still be on their way; see settle.
func (s *Stepper) step(ctx context.Context, learningRate float64) (StepResult, error) {
	var r StepResult
	if !s.counted {
		if _, err := s.count(0); err != nil {
			return r, err
		}
	}
	s.counted = false
	if r.Targets = int(s.counts[0]); r.Targets == 0 {
		return r, errors.New("the batch has no target")
	}
	random := s.random
	if s.look != nil {
		s.look.Results = s.look.Results[:0]
	}
	for _, m := range s.meters {
		m.Reset()
	}
	var err error
	if s.ranks != nil {
		err = s.passTogether(&random, &r)
	} else {
		err = s.passAlone(ctx, &random, &r)
	}
	if err != nil {
		return r, err
	}
	s.tried = random
	if math.IsNaN(r.Loss) || math.IsInf(r.Loss, 0) {
		return r, fmt.Errorf("%w: the loss is %v", ErrDiverged, r.Loss)
	}
	if s.look != nil {
		s.look.before(s.params)
	}
	if err := s.update(learningRate, &r); err != nil {
		return r, err
	}
	if s.look != nil {
		s.look.after(s.params)
		s.look = nil
	}
	s.random = random
	r.Figures = s.passes[0].judge.figuresOf(s.meters)
	return r, nil
}

// passAlone finds the gradients of the step's micro-batches and adds them up.
func (s *Stepper) passAlone(ctx context.Context, random *graph.Random, r *StepResult) error {
	s.aside.Reset()
	for i, b := range s.batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := s.passFor(b)
		if err := s.pass(p, *random, i); err != nil {
			return err
		}
		s.aside.Round()
		for range s.additions[i] {
			s.aside.Add()
		}
		if i < len(s.batches)-1 {
			s.aside.Put()
		}
		r.Loss += graph.Scalar(p.judge.loss.Total)
		if len(s.meters) > 0 {
			p.judge.read(b)
			p.judge.add(s.meters)
		}
		random.Step++
	}
	return nil
}

// pass finds the gradients of micro-batch i and the losses of its rows. The results of the first are looked at.
func (s *Stepper) pass(p *pass, random graph.Random, i int) (err error) {
	b := s.batches[i]
	p.inputs.setScales(s.names, s.counts)
	p.inputs.fill(b)
	p.machine.SetRandom(random)
	if i == 0 && s.look != nil {
		err = p.machine.RunWatched(s.look.lookedAt)
	} else {
		err = p.machine.RunAll()
	}
	if err == nil {
		p.judge.rowLosses(s.rowLosses[i], b)
	}
	return err
}

// passFor returns the narrowest pass that has room for what a batch uses.
func (s *Stepper) passFor(b *data.Batch) *pass {
	last := len(s.passes) - 1
	for i := range s.passes[:last] {
		if s.fits(b, s.passes[i].inputs.batch.Layout) {
			return &s.passes[i]
		}
	}
	return &s.passes[last]
}

// fits tells whether a layout has room for what a batch uses.
func (s *Stepper) fits(b *data.Batch, l data.Layout) bool {
	for k, length := range s.lengths {
		if b.Used[k] < 1 || b.Used[k] > l.Length(length) {
			return false
		}
	}
	return true
}

// update lets the optimizer use the gradients.
func (s *Stepper) update(learningRate float64, r *StepResult) error {
	begin := time.Now()
	var waited time.Duration // before
	if s.ranks != nil {
		waited, s.ranks.updates = s.ranks.waiting, true
	}
	norm, err := s.optimizer.Step(learningRate)
	r.GradNorm = norm
	if err == nil && s.ranks != nil && s.ranks.sharded {
		s.ranks.unsent = true // until the rows are known that the next step looks up
	}
	s.updating = time.Since(begin)
	if s.ranks != nil {
		s.updating -= s.ranks.waiting - waited
		s.ranks.updates = false
		s.meter()
	}
	if s.profile != nil {
		s.profile.Add("optimizer", s.updating, 0)
	}
	if errors.Is(err, optim.ErrNotFinite) {
		return fmt.Errorf("%w: %w", ErrDiverged, err)
	}
	return err
}

// SetProfile counts where the time of the next steps goes into p; nil stops.
func (s *Stepper) SetProfile(p *graph.Profile) {
	s.profile = p
	for _, pass := range s.passes {
		pass.machine.SetProfile(p)
	}
}

// unit returns what targets are.
func (s *Stepper) unit() layers.Unit { return s.passes[0].judge.loss.Unit }

// Optimizer returns the optimizer of the steps.
func (s *Stepper) Optimizer() optim.Optimizer { return s.optimizer }

// Memory returns what steps use, in bytes: that of the machine, with the sums of gradients that wait for those of other micro-batches
// among its gradients, and the optimizer's state.
func (s *Stepper) Memory() (machine graph.Memory, optimizer int) {
	for _, p := range s.passes {
		m := p.machine.Memory()
		m.Arena += machine.Arena // parameters and gradients are the same for all
		machine = m
	}
	if s.ranks != nil {
		machine.Gradients += s.ranks.reducer.Bytes()
	} else {
		machine.Gradients += s.aside.Bytes()
	}
	return machine, s.optimizer.Memory()
}

// Close gives the machine's memory back.
func (s *Stepper) Close() (err error) {
	if s.ranks != nil {
		if s.ranks.sharded && !s.ranks.unsent { // what isn't on its way others may not wait for
			err = s.ranks.reducer.Settle()
		}
		s.ranks.reducer.Close()
		s.ranks = nil
	}
	for _, p := range s.passes {
		err = errors.Join(err, p.machine.Close())
	}
	return err
}
