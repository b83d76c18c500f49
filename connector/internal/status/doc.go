// Package status is what a stream shows of itself: its state, its counts, and what keeps it from
// going on. Readers take it from a Board at any time; the operator is told by a Reporter, each
// cause once.
package status
