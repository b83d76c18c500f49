package main

import (
	"math"
	"slices"
)

// spread is the least, the middle and the greatest of some values.
type spread struct{ Min, Median, Max float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return spread{s[0], (s[(n-1)/2] + s[n/2]) / 2, s[n-1]}
}

// quantile is the least value that at least the part q of the values do not exceed. The values
// must be sorted.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// of collects one value of each run.
func of[R any](runs []R, value func(R) float64) spread {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = value(r)
	}
	return spreadOf(values)
}

func rate(r result) float64 { return r.PerSecond }
