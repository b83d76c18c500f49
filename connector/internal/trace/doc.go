// Package trace sends OpenTelemetry spans of what a worker does, where the environment names a collector: a sweep with its
// requests and batches, and a batch with its transactions. A full scan is a span of its own.
//
// Requests and transactions are told of when they are through, so whoever makes them knows nothing of spans, and nothing
// is sent to an API that it would not get otherwise.
//
// Files:
//
//	tracer.go  what sends the spans, by the variables that OpenTelemetry has for it
//	stream.go  the spans of a stream
package trace
