package text

import "testing"

func TestNearest(t *testing.T) {
	for text, want := range map[string]string{"page_sise": "page_size", "pagesize": "page_size", "strategi": "strategy", "zzz": "", "toppic": "topic",
		"tpoic": "topic", "": "", "updatedat": "updatedAt", "updated_at": "updatedAt"} {
		if got := Nearest(text, []string{"page_size", "strategy", "topic", "updatedAt"}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
