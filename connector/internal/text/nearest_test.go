package text

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	for text, want := range map[string]string{"page_sise": "page_size", "pagesize": "page_size", "strategi": "strategy", "zzz": "", "toppic": "topic",
		"tpoic": "topic", "": "", "updatedat": "updatedAt", "updated_at": "updatedAt"} {
		if got := Nearest(text, []string{"page_size", "strategy", "topic", "updatedAt"}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1}, {"abcd", "bcd", 1},
		{"kitten", "sitting", 3}, {"user_keyset", "user_offset", 3}, {"ABC", "abc", 3},
		{strings.Repeat("x", 249), strings.Repeat("x", 248) + "y", 1}, // as long as a topic's name may be
	} {
		if got, back := Distance(x.a, x.b), Distance(x.b, x.a); got != x.want || back != x.want {
			t.Errorf("%q and %q: %d and %d, want %d", x.a, x.b, got, back, x.want)
		}
	}
}

// What is no word is like none: a value of the configuration may be any text.
func TestNearestOfLongTexts(t *testing.T) {
	long := strings.Repeat("x", longest+1)
	if got := Nearest(long, []string{long[1:] + "y"}); got != "" {
		t.Errorf("got %q", got)
	}
}
