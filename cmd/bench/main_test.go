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
	if os.Getenv("GORACE") == "" { // a program built with -race sleeps for a second before it ends
		if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
