package stream

import (
	"fmt"
	"testing"

	"tidemark/connector/internal/kit/sim"
)

func TestZZ(t *testing.T) {
	x := newWorld()
	for seed := uint64(1); seed < 1000; seed++ {
		fmt.Println(seed)
		x.traced = false
		done := make(chan bool)
		x.run(sim.Generate(seed), evidenceIgnored); close(done)
		n := 0
		for {
			select {
			case <-done:
			default:
				n++
				if n > 2000000000 {
					panic("x")
				}
				continue
			}
			break
		}
	}
}
