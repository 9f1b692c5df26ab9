package cpu

import "golang.org/x/sys/unix"

// mask returns the numbers of the processors that the process may run on, or nil if there are more than can be asked for.
func mask() []int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil
	}
	var numbers []int
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}
