package kit

import (
	"testing"
	"time"
)

// Eventually waits until done holds. The limit is there to end a test that hangs, and
// says nothing about speed.
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
