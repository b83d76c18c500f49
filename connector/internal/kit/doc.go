// Package kit is for tests only: the choice of a broker to test against, the
// registry and API that go with it, and a client of the test's own.
//
// Tests that need a broker ask Brokers for one. It is kfake in this process by default, the
// one that TIDEMARK_TEST_BROKERS names where that is set, and a container with the build tag
// "container".
package kit
