package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tidemark/connector/internal/where"
)

// where looks at the stream's expression.
func (d *decoder) where(s *Stream, from source) {
	n := from.given["where"]
	if n == nil || s.Where == "" {
		return
	}
	_, err := where.Parse(s.Where)
	var wrong *where.Error
	if errors.As(err, &wrong) {
		message := wrong.Message
		if len(n.env) > 0 {
			message = "is no expression" // P11: a message quotes what stands there
		}
		at, exact := d.inside(n, wrong.Offset)
		if !exact && len(n.env) == 0 {
			message += fmt.Sprintf(", at character %d of the expression", utf8.RuneCountInString(s.Where[:min(wrong.Offset, len(s.Where))])+1)
		}
		d.report(at, from.path+"where", message, wrong.Hint)
	}
}

// inside is the place in the file of a byte of the node's text. Where the file does not write the text
// as it is, because of escapes, line breaks or variables, it is where the node begins, and not exact.
func (d *decoder) inside(n *node, offset int) (at Position, exact bool) {
	if len(n.env) > 0 || n.pos.Line < 1 || n.pos.Line > len(d.lines) {
		return n.pos, false
	}
	line := strings.TrimSuffix(d.lines[n.pos.Line-1], "\r")
	if n.pos.Line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	for range n.pos.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	at = n.pos
	if strings.HasPrefix(line, `"`) || strings.HasPrefix(line, "'") {
		line = line[1:]
		at.Column++
	}
	if !strings.HasPrefix(line, n.text) {
		return n.pos, false
	}
	at.Column += utf8.RuneCountInString(n.text[:min(offset, len(n.text))])
	return at, true
}
