//go:build !container

package kit

import "testing"

const containers = false

func defaultBrokers(t testing.TB) []string {
	t.Helper()
	return Fake(t).ListenAddrs()
}
