package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut stands at the end of a text that was clipped.
const Cut = "..."

// Clip shortens a text to at most so many characters, of which Cut are the last where it is longer.
func Clip[T string | []byte](s T, most int) string {
	kept, n := 0, 0
	for i := 0; i < len(s); n++ {
		if n == most {
			return string(s[:kept]) + Cut
		}
		_, size := next(s[i:])
		if i += size; n < most-len(Cut) {
			kept = i
		}
	}
	return string(s)
}

// OneLine makes a text of others fit for a message: valid UTF-8 on one line, with one blank for
// blanks, line breaks and control characters, none at either end, and clipped as Clip does it.
// Of a long text no more is read than it takes.
func OneLine[T string | []byte](s T, most int) string {
	var out []rune
	blank := false
	for i := 0; i < len(s) && len(out) <= most; {
		r, size := next(s[i:])
		i += size
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			blank = len(out) > 0
			continue
		}
		if blank {
			out, blank = append(out, ' '), false
		}
		out = append(out, r)
	}
	if len(out) > most {
		return strings.TrimSpace(string(out[:max(most-len(Cut), 0)])) + Cut
	}
	return string(out)
}

// next decodes a text's first character.
func next[T string | []byte](s T) (rune, int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}
