package secret

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestHide(t *testing.T) {
	var none, s Set
	s.Add("hunter2", "pass word&more", "abc", "hunter2-and-more")
	s.AddAll("q#", "")
	for text, want := range map[string]string{
		"":                              "",
		"nothing":                       "nothing",
		"the key hunter2 is refused":    "the key *** is refused",
		"hunter2-and-more, hunter2":     "***, ***",
		"?key=pass+word%26more&x=1":     "?key=***&x=1",
		"/pass%20word&more/":            "/***/",
		"short ones like abc stay":      "short ones like abc stay",
		"clipped: hunt... (and behind)": "clipped: ***... (and behind)",
		"clipped: hunter2-and-mo...":    "clipped: ***...",
		"clipped: hun...":               "clipped: hun...", // three letters are no secret's beginning
		"hunt... pass wo... end":        "***... ***... end",
		"hunt":                          "hunt", // not clipped
		"a password: q#":                "a password: ***",
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := none.Hide(text); got != text {
			t.Errorf("%q: %q from an empty set", text, got)
		}
	}
}

// Law: wherever a text is clipped, no more of a secret is left than Least-1 bytes.
func TestLawHide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-z]{4,20}`).Draw(t, "secret")
		var s Set
		s.Add(value)
		text := rapid.StringMatching(`[0-9 ]{0,9}`).Draw(t, "before") + value + rapid.StringMatching(`[0-9 ]{0,9}`).Draw(t, "after")
		text = text[:rapid.IntRange(0, len(text)).Draw(t, "clip")] + Cut
		got := s.Hide(text)
		for n := Least; n <= len(value); n++ {
			if strings.Contains(got, value[:n]) {
				t.Fatalf("%q of %q is left in %q", value[:n], value, got)
			}
		}
	})
}

// A secret is found as %q, JSON, HTML and a URL escape it.
func TestHideEscaped(t *testing.T) {
	const value = `se"s<a>/mé&`
	var s Set
	s.Add(value)
	for _, text := range []string{
		value, fmt.Sprintf("%q", value), fmt.Sprintf("%+q", value),
		`{"key":"se\"s<a>/mé&"}`, `"se\"s\u003ca\u003e/mé\u0026"`, `"se\"s<a>\/mé&"`,
		"<p>se&#34;s&lt;a&gt;/mé&amp;</p>", "?key=se%22s%3Ca%3E%2Fm%C3%A9%26&x",
	} {
		if got := s.Hide(text); !strings.Contains(got, Hidden) || strings.Contains(got, "s") {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// A value that is learnt later is hidden from then on, by all that have the set.
func TestAddWhileHiding(t *testing.T) {
	var s Set
	s.Add("first-token")
	var users sync.WaitGroup
	for i := range 4 {
		users.Go(func() {
			for n := range 50 {
				token := fmt.Sprintf("token-%d-%d.", i, n)
				if got := s.Hide(token); got != token {
					t.Errorf("%s is hidden before it is known: %s", token, got)
				}
				s.Add(token)
				if got := s.Hide("first-token " + token); got != "*** ***" {
					t.Errorf("%s is shown: %s", token, got)
				}
			}
		})
	}
	users.Wait()
}

// A token that was replaced is hidden for a while, then forgotten; what else has its value stays hidden.
func TestAddPassing(t *testing.T) {
	var s Set
	token := func(i int) string { return fmt.Sprintf("token-%02d", i) }
	s.Add(token(1))
	for i := range mostPassing + 3 {
		s.AddPassing(token(i))
		s.AddPassing(token(2), "abc") // one that comes again is not old
	}
	for i := range mostPassing + 3 {
		want := Hidden
		if i == 0 || i == 3 {
			want = token(i)
		}
		if got := s.Hide(token(i)); got != want {
			t.Errorf("%s: %s, want %s", token(i), got, want)
		}
	}
	if n := len(s.known); n > mostPassing+1 {
		t.Errorf("%d texts are known, more than there are values", n)
	}
	if got := s.Hide("abc"); got != "abc" {
		t.Errorf("too short, and hidden: %s", got)
	}
}
