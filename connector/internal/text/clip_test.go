package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"0123456789":               "0123456789",
		"0123456789a":              "0123456...",
		"äöü3456789":               "äöü3456789",
		"äöü3456789a":              "äöü3456...",
		"a\n\xff":                  "a\n\xff",
		strings.Repeat("\xff", 11): strings.Repeat("\xff", 7) + "...",
	} {
		if got := Clip(text, 10); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := Clip([]byte(text), 10); got != want {
			t.Errorf("bytes %q: %q, want %q", text, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		" \n":           "",
		" a \r\n\tb ":   "a b",
		"red\x1b[31m":   "red [31m",
		"a\xffb":        "a\uFFFDb",
		"0123456789":    "0123456789",
		"0123456789\n ": "0123456789",
		"0123456789 a":  "0123456...",
		"01234  567890": "01234 5...",
		"012345 6789ab": "012345...", // no blank before the dots
		"äöü3456789a":   "äöü3456...",
	} {
		if got := OneLine(text, 10); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := OneLine([]byte(text), 10); got != want {
			t.Errorf("bytes %q: %q, want %q", text, got, want)
		}
	}
}

// Law: a clipped text is no longer than asked, and begins as the text does; one that fits is whole.
func TestLawClip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		most := rapid.IntRange(len(Cut), 40).Draw(t, "most")
		got := Clip(s, most)
		begin, cut := strings.CutSuffix(got, Cut)
		switch {
		case utf8.RuneCountInString(s) <= most:
			if got != s {
				t.Fatalf("%q became %q", s, got)
			}
		case !cut || utf8.RuneCountInString(got) != most || !strings.HasPrefix(s, begin):
			t.Fatalf("%q clipped to %d: %q", s, most, got)
		}
		line := OneLine(s, most)
		if utf8.RuneCountInString(line) > most || !utf8.ValidString(line) || strings.TrimSpace(line) != line ||
			strings.ContainsFunc(line, func(r rune) bool { return r != ' ' && (unicode.IsSpace(r) || unicode.IsControl(r)) }) {
			t.Fatalf("%q on one line of %d: %q", s, most, line)
		}
		if again := OneLine(line, most); again != line {
			t.Fatalf("%q on one line again: %q", line, again)
		}
	})
}
