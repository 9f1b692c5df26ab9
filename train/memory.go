package train

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/exchange"
	"github.com/seahorse-ml/seahorse/optim"
)

// MemoryUse is what a run takes, in bytes.
type MemoryUse struct {
	Steps      graph.Memory
	Optimizer  int          // its state
	Evaluation graph.Memory // of each evaluation, for its duration; the parameters, and the arena if it is 0, are those of the steps
}

// Total returns the sum, each parameter once.
func (m MemoryUse) Total() int { return m.Steps.Total() + m.Optimizer + m.Evaluation.Arena }

// EstimateMemory returns what a run would take, without taking it.
func EstimateMemory(m Model, c Config) (MemoryUse, error) {
	if err := c.Validate(); err != nil {
		return MemoryUse{}, err
	}
	use, err := estimate(m, c)
	if err != nil {
		return MemoryUse{}, fmt.Errorf("train: %w", err)
	}
	return use, nil
}

// EstimateSteps is EstimateMemory for a Stepper.
func EstimateSteps(m Model, c StepperConfig) (MemoryUse, error) {
	if err := c.Validate(); err != nil {
		return MemoryUse{}, err
	}
	use, err := estimateSteps(m, c)
	if err != nil {
		return MemoryUse{}, fmt.Errorf("train: %w", err)
	}
	return use, nil
}

func estimate(m Model, c Config) (use MemoryUse, err error) {
	if use, err = estimateSteps(m, c.stepper()); err != nil {
		return use, err
	}
	if c.Validation != nil {
		evaluation, err := estimateEvaluation(m, c.Validation, EvalConfig{BatchSize: c.EvalBatchSize})
		if err != nil {
			return use, fmt.Errorf("evaluation: %w", err)
		}
		use.Evaluation = beside(use.Steps, evaluation)
	}
	return use, nil
}

// beside returns what a trace takes that runs in the memory of steps where that is enough.
func beside(steps, use graph.Memory) graph.Memory {
	if use.Arena <= steps.Arena {
		use.Arena = 0
	}
	return use
}

func estimateSteps(m Model, c StepperConfig) (use MemoryUse, err error) {
	arena := 0 // of what doesn't fit into that of the whole layout
	for i, l := range slices.Backward(c.layouts()) {
		g, in, j, err := traceStep(m, c, l)
		if err != nil {
			return use, err
		}
		pass, err := graph.EstimateMemory(g, append(j.outputs(), j.loss.Total)...)
		if err != nil {
			return use, err
		}
		if i < len(c.Narrow) {
			arena += beside(use.Steps, pass).Arena
			continue
		}
		use.Steps = pass
		params := trained(g)
		ranks := 1
		if several(c.Ranks) {
			ranks = c.Ranks.Size()
		}
		var sharded bool
		if use.Optimizer, sharded, err = estimateOptimizer(c, params, ranks); err != nil {
			return use, err
		}
		elements := 0
		if ranks > 1 {
			order, found, err := graph.PlanGradients(g, append(j.outputs(), j.loss.Total)...)
			if err != nil {
				return use, err
			}
			late := map[*graph.Param]int{}
			for _, l := range lookupsOf(found, &in) {
				late[l.table] = 0
			}
			cost := exchange.Estimate(order, ranks, c.Accumulation, !sharded, late)
			if elements = cost.Elements; c.RoundGradients {
				use.Steps.Gradients += exchange.NarrowBytes * cost.Staged
			}
		} else {
			_, depth := exchange.Additions(exchange.Branches(c.Accumulation, 0, c.Accumulation))
			for _, p := range params {
				elements += depth * p.Len()
			}
		}
		use.Steps.Gradients += elements * int(g.DType().Size())
	}
	use.Steps.Arena += arena
	return use, nil
}

// estimateOptimizer returns what the optimizer of parameters keeps on each of the ranks, as near as their parts are even, and whether it is divided.
func estimateOptimizer(c StepperConfig, params []*graph.Param, ranks int) (bytes int, sharded bool, err error) {
	outlines := make([]*graph.Param, len(params))
	for i, p := range params {
		outlines[i] = p.Outline()
	}
	o, err := c.optimizer()(outlines)
	if err != nil {
		return 0, false, err
	}
	if _, ok := o.(optim.Sharder); ok && c.ShardOptimizer {
		return (o.Memory() + ranks - 1) / ranks, true, nil
	}
	return o.Memory(), false, nil
}

// traceStep traces a training step of the model on micro-batches of a layout.
func traceStep(m Model, c StepperConfig, l data.Layout) (*graph.Graph, inputs, *judge, error) {
	g, err := newTrace(m, graph.Config{Train: true, Checkpointing: c.Checkpointing, BFloat16: c.BFloat16})
	if err != nil {
		return nil, inputs{}, nil, err
	}
	in := newInputs(g, c.Rows, l, true)
	in.nodes.LabelSmoothing = c.LabelSmoothing
	j, err := newJudge(g, m.Loss(g, in.nodes), &in, true)
	if err != nil {
		return nil, inputs{}, nil, err
	}
	in.dropScales(g)
	g.OverlapGradients()
	return g, in, j, g.Grad(j.loss.Total)
}

// stepper returns how the steps of a run are made.
func (c Config) stepper() StepperConfig {
	s := StepperConfig{
		Rows: c.BatchSize, Layout: c.Train.Layout(), Accumulation: c.Accumulation,
		Seed: c.Seed, Optimizer: c.Optimizer, LabelSmoothing: c.LabelSmoothing, Checkpointing: c.Checkpointing,
		BFloat16: c.BFloat16,
		Ranks:    c.Ranks, ShardOptimizer: c.ShardOptimizer, RoundGradients: c.RoundGradients,
	}
	if sized, ok := c.Train.(data.Sized); ok && c.GroupByLength {
		s.Narrow = data.NarrowLayouts(sized, c.BatchSize)
	}
	return s
}
