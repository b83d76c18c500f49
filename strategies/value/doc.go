// Package value reads and writes the texts of cursor values: dates, times and numbers, each as
// the instant or number that it stands for.
//
// A Format is one kind of text or a list of kinds, of which the first that fits a text reads it.
// What it reads it also writes: an earlier instant in the layout of a text that an API wrote
// (rule 14), rounded down to that layout's step (rule 27). All of it is pure: a zone comes as a
// *time.Location from whoever may look one up.
//
// Files: format.go (Format, the table of kinds), back.go (what a Format writes), then a file a
// kind: rfc3339.go, date.go, whole.go (integer and whole numbers of seconds, milliseconds and
// microseconds), float.go (epoch_float), opaque.go, and layout.go (strftime: what a layout may be),
// layout_read.go and layout_write.go; civil.go has the calendar and zones.
package value
