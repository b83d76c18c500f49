package where

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says what is wrong with an expression, and where.
type Error struct {
	Offset  int // the byte of the text at which it shows
	Message string
	Hint    string
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

type kind uint8

const (
	end kind = iota
	name
	text    // a constant in quotes
	number  // a constant
	word    // and, or, not, in, is, null, true, false
	compare // = != < <= > >=
	open
	shut
	comma
)

// token is one word of an expression.
type token struct {
	kind kind
	text string // a name's or text's content; a word in lower case; otherwise as written
	at   int
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case text:
		return "the text '" + t.text + "'"
	}
	return "“" + t.text + "”"
}

var words = map[string]bool{"and": true, "or": true, "not": true, "in": true, "is": true, "null": true, "true": true, "false": true}

// next reads the token that begins at or behind at, and returns where it ends.
func next(s string, at int) (token, int, error) {
	for at < len(s) && strings.IndexByte(" \t\r\n", s[at]) >= 0 {
		at++
	}
	if at == len(s) {
		return token{kind: end, at: at}, at, nil
	}
	one := func(k kind, n int) (token, int, error) { return token{k, s[at : at+n], at}, at + n, nil }
	fail := func(message, hint string) (token, int, error) { return token{}, at, &Error{at, message, hint} }
	c := s[at]
	switch {
	case c == '(':
		return one(open, 1)
	case c == ')':
		return one(shut, 1)
	case c == ',':
		return one(comma, 1)
	case strings.HasPrefix(s[at:], "=="):
		return fail("there is no ==", "write =")
	case strings.HasPrefix(s[at:], "<>"):
		return fail("there is no <>", "write !=")
	case strings.HasPrefix(s[at:], "!="), strings.HasPrefix(s[at:], "<="), strings.HasPrefix(s[at:], ">="):
		return one(compare, 2)
	case c == '=' || c == '<' || c == '>':
		return one(compare, 1)
	case c == '\'':
		return quoted(s, at, '\'', text)
	case c == '`':
		return quoted(s, at, '`', name)
	case c == '"':
		return fail("a text stands in single quotes", "write 'text', and `name` for the name of a field")
	case c == '&' || c == '|' || c == '!':
		return fail(fmt.Sprintf("there is no %c", c), "write and, or, not, !=")
	case c == '-' || c-'0' <= 9:
		if n := numberLen(s[at:]); n > 0 && !nameGoesOn(s[at+n:]) {
			return one(number, n)
		}
		if c == '-' {
			return fail("“-” begins no number", "a number is written as JSON writes it, for instance -1.5")
		}
	}
	n := 0
	for nameGoesOn(s[at+n:]) {
		_, size := utf8.DecodeRuneInString(s[at+n:])
		n += size
	}
	if n == 0 {
		r, _ := utf8.DecodeRuneInString(s[at:])
		return fail(fmt.Sprintf("%q has no meaning here", r), "fields with such characters stand in backquotes, texts in single quotes")
	}
	if w := strings.ToLower(s[at : at+n]); words[w] {
		return token{word, w, at}, at + n, nil
	}
	return one(name, n)
}

// nameGoesOn reports whether a text begins with a character that a bare name may have.
func nameGoesOn(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size > 0 && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-$@.", r))
}

// quoted reads what stands in quotes, of which two stand for one.
func quoted(s string, at int, quote byte, k kind) (token, int, error) {
	var b strings.Builder
	for i := at + 1; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return token{k, b.String(), at}, i + 1, nil
	}
	return token{}, at, &Error{at, fmt.Sprintf("the %c has no other one that ends it", quote), "two of them stand for one in the text"}
}
