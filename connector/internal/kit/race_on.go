//go:build race

package kit

// Race reports whether the race detector is on, with which time and memory say nothing.
const Race = true
