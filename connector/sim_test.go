package connector

import (
	"flag"
	"syscall"
)

var (
	simSeeds = flag.Int("seeds", 0, "simulate so many histories a tier; 0: for ten seconds a tier")
	simSeed  = flag.Uint64("seed", 1, "the first seed")
)

// cpuSeconds is the processor time this process has used so far, for a figure that
// neighbours on the machine change little.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
