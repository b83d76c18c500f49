// Package sim is the simulation's half that knows of the connector its configuration only: a scripted
// API with every bad habit of real ones, a log in memory with Kafka's transactions, and
// the oracle that holds what came out against what the API served. It is for tests only.
//
// Everything follows from a seed. Generate turns it into a Script: traits of the API and
// a list of events (requests, live changes, faults, crashes, pauses). Package stream's tests act the
// script out one step at a time over Log (the model tier), package connector's with real clients in
// virtual time (the full tier); both fill a History, and Check judges it.
// Shrink drops events and traits from a failing script for as long as it goes on failing.
//
// Files: script.go (traits and events), kinds.go (their words), generate.go and traits_*.go (a seed's script), values.go
// (cursor values as text), api.go (the API's rows), serve.go (its answers, which the model of strategies/lawtest makes),
// serve_http.go (the same over HTTP),
// history.go (what it served), log.go and log_topic.go (transactions in memory), rival.go (other
// writers), oracle.go, oracle_again.go, oracle_back.go, oracle_walk.go, absent.go, losses.go and sweeps.go (the judgement), stream.go
// (the configuration, and what the API leaves a stream no other way than to do), shrink.go.
package sim
