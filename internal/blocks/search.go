package blocks

import "math"

// The K formats, and all formats with an importance matrix, choose scales by trying several and keeping that with the least weighted
// error. The order of the sums follows llama.cpp, so that the bytes are the same; products are rounded before they are added, on
// every processor.

const negligible = 1e-15 // groups whose largest magnitude is less are taken for zeros

// nearest returns the integer nearest to v, the even one of two, for magnitudes below 2²².
func nearest(v float32) int {
	const shift = 3 << 22
	return int(math.Float32bits(v+shift)&0x7fffff) - 1<<22
}

func clamp(v, low, high int) int { return max(low, min(high, v)) }

// fitSums are the sums by which the scale that fits numbers best is found: Σ w·x·q and Σ w·q·q.
type fitSums struct{ xq, qq float32 }

func (s *fitSums) add(w, x float32, q int) {
	s.xq += float32(float32(w*x) * float32(q))
	s.qq += float32(float32(w*float32(q)) * float32(q))
}

func (s *fitSums) remove(w, x float32, q int) {
	s.xq -= float32(float32(w*x) * float32(q))
	s.qq -= float32(float32(w*float32(q)) * float32(q))
}

// better tells whether the scale of s fits better than that of t.
func (s fitSums) better(t fitSums) bool {
	return float32(float32(s.xq*s.xq)*t.qq) > float32(float32(t.xq*t.xq)*s.qq)
}

func (s fitSums) scale() float32 {
	if s.qq > 0 {
		return s.xq / s.qq
	}
	return 0
}

// searchSigned quantises x to scale·(q − most), q in [0, 2·most), and returns the scale. Weights that are nil are x².
func searchSigned(q []uint8, x, weights []float32, most int) float32 {
	far := farthest(x)
	if abs(far) < negligible {
		clear(q[:len(x)])
		return 0
	}
	try := func(inverseScale float32) (s fitSums) {
		for i, v := range x {
			w := float32(v * v)
			if weights != nil {
				w = weights[i]
			}
			s.add(w, v, clamp(nearest(inverseScale*v), -most, most-1))
		}
		return s
	}
	set := func(inverseScale float32) {
		for i, v := range x {
			q[i] = uint8(most + clamp(nearest(inverseScale*v), -most, most-1))
		}
	}
	inverseScale := -float32(most) / far
	s := try(inverseScale)
	set(inverseScale)
	scale := float32(0)
	if s.qq != 0 {
		scale = s.xq / s.qq
	}
	best := scale * s.xq
	for step := -9; step <= 9; step++ {
		if step == 0 {
			continue
		}
		inverseScale := -(float32(most) + float32(0.1*float32(step))) / far
		s := try(inverseScale)
		if s.qq > 0 && float32(s.xq*s.xq) > float32(best*s.qq) {
			set(inverseScale)
			scale = s.xq / s.qq
			best = scale * s.xq
		}
	}
	return scale
}

// shiftedSearch says which scales searchShifted tries: steps + 1 of them, whose inverse are (most + from + i·step) over the range of
// the elements.
type shiftedSearch struct {
	from, step float32
	steps      int
}

// searchShifted quantises x to scale·q − minimum, q in [0, most] and minimum ≥ 0, and returns both.
func searchShifted(q []uint8, x, weights []float32, most int, s shiftedSearch) (scale, minimum float32) {
	low, high := x[0], x[0]
	sumW := weights[0]
	sumX := sumW * x[0]
	for i, v := range x[1:] {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
		sumW += weights[i+1]
		sumX += float32(weights[i+1] * v)
	}
	low = min(low, 0)
	if high <= low {
		clear(q[:len(x)])
		return 0, -low
	}
	var trial [smallBlock]uint8
	levels := func(inverseScale, low float32) {
		for i, v := range x {
			trial[i] = uint8(clamp(nearest(inverseScale*(v-low)), 0, most))
		}
	}
	loss := func(scale, low float32) (sum float32) {
		for i, v := range x {
			difference := float32(scale*float32(trial[i])) + low - v
			sum += float32(weights[i] * float32(difference*difference))
		}
		return sum
	}
	inverseScale := float32(most) / (high - low)
	scale = 1 / inverseScale
	levels(inverseScale, low)
	best := loss(scale, low)
	copy(q, trial[:len(x)])
	for step := range s.steps + 1 {
		levels((s.from+float32(s.step*float32(step))+float32(most))/(high-low), low)
		var sumQ, sumQQ, sumXQ float32
		for i, v := range x {
			w := float32(weights[i] * float32(trial[i]))
			sumQ += w
			sumQQ += float32(w * float32(trial[i]))
			sumXQ += float32(w * v)
		}
		d := float32(sumW*sumQQ) - float32(sumQ*sumQ)
		if !(d > 0) {
			continue
		}
		thisScale := (float32(sumW*sumXQ) - float32(sumX*sumQ)) / d
		thisLow := (float32(sumQQ*sumX) - float32(sumQ*sumXQ)) / d
		if thisLow > 0 {
			thisLow, thisScale = 0, sumXQ/sumQQ
		}
		if l := loss(thisScale, thisLow); l < best {
			copy(q, trial[:len(x)])
			best, scale, low = l, thisScale, thisLow
		}
	}
	return scale, -low
}

// searchPositive quantises the scales of groups, none negative, to scale·q, q in [0, most], and returns the scale.
func searchPositive(q []uint8, x, weights []float32, most int) float32 {
	var high float32
	for _, v := range x {
		high = max(high, v)
	}
	if high < negligible {
		clear(q[:len(x)])
		return 0
	}
	loss := func(inverseScale float32) (sum float32) {
		scale := 1 / inverseScale
		for i, v := range x {
			difference := v - float32(scale*float32(min(most, nearest(inverseScale*v))))
			sum += float32(float32(weights[i]*difference) * difference)
		}
		return sum
	}
	inverseScale := float32(most) / high
	best := loss(inverseScale)
	for step := -4; step <= 4; step++ {
		if step == 0 {
			continue
		}
		try := (float32(0.1*float32(step)) + float32(most)) / high
		if l := loss(try); l < best {
			best, inverseScale = l, try
		}
	}
	var s fitSums
	for i, v := range x {
		q[i] = uint8(min(most, nearest(inverseScale*v)))
		s.add(weights[i], v, int(q[i]))
	}
	for range 5 {
		changed := false
		for i, v := range x {
			other := s
			other.remove(weights[i], v, int(q[i]))
			if other.xq <= 0 || other.qq <= 0 {
				continue
			}
			level := min(most, nearest(float32(v*other.qq)/other.xq))
			if level == int(q[i]) {
				continue
			}
			other.add(weights[i], v, level)
			if other.better(s) {
				q[i], s, changed = uint8(level), other, true
			}
		}
		if !changed {
			break
		}
	}
	return s.scale()
}
