package request

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// place is where a text stands, which decides how its values are escaped.
type place int

const (
	inPath   place = iota // one segment: a slash in a value is no separator
	inQuery               // of a URL or of a form
	inHeader              // as it is; control characters are refused before
	inJSON                // inside of a JSON string, whose escape every value has already
	inText                // as it is
)

// escape puts a text behind dst, escaped for its place; before that, where asked, as inside of a JSON string.
func escape(dst []byte, s string, at place, quoted bool) []byte {
	if !quoted {
		return escapeAt(dst, s, at)
	}
	n := len(dst)
	dst = appendJSON(dst, s)
	if at != inPath && at != inQuery {
		return dst
	}
	m := len(dst)
	dst = escapeAt(dst, dst[n:m], at)
	return dst[:n+copy(dst[n:], dst[m:])]
}

func escapeAt[T string | []byte](dst []byte, s T, at place) []byte {
	if at != inPath && at != inQuery {
		return append(dst, s...)
	}
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case plain(c), at == inPath && pathPlain(c):
			dst = append(dst, c)
		case c == ' ' && at == inQuery:
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// plain reports whether a character needs no escape anywhere in a URL (RFC 3986).
func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func pathPlain(c byte) bool {
	return c == '$' || c == '&' || c == '+' || c == '=' || c == ':' || c == '@'
}

// escapePath escapes what a path cannot have in a path that may be escaped already.
func escapePath(s string) string {
	var out []byte
	for i := range len(s) {
		if c := s[i]; plain(c) || strings.IndexByte("%/!$&'()*+,;=:@[]", c) >= 0 {
			out = append(out, c)
		} else {
			out = escapeAt(out, s[i:i+1], inPath)
		}
	}
	return string(out)
}

// appendJSON puts a text behind dst as it stands inside of a JSON string. What is no UTF-8 becomes U+FFFD.
func appendJSON(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c >= ' ':
				dst = append(dst, c)
			case c == '\n':
				dst = append(dst, `\n`...)
			case c == '\r':
				dst = append(dst, `\r`...)
			case c == '\t':
				dst = append(dst, `\t`...)
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst
}

// headerText reports whether a header can carry a text.
func headerText(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// number reports whether a text is a JSON number.
func number(s string) bool {
	return s != "" && (s[0] == '-' || digit(s[0])) && digit(s[len(s)-1]) && json.Valid([]byte(s))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
