package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the program that starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		main()
		return
	}
	os.Exit(m.Run())
}
