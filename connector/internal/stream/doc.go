// Package stream has one stream's life, from its opening to what comes behind a failure.
//
// A Machine is that life as a pure state machine: it is told what has happened (Event), and says what is
// to be done (Ready). A Driver carries that out, and alone has goroutines, timers, the source and the
// sink. An Opener opens the stream, reads its window back and makes its transactions; a Trial reads a page of the API
// before a stream is opened for the first time.
package stream
