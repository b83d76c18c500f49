package request

import (
	"math"
	"slices"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/text"
)

// piece is a literal, escaped for its place, or a placeholder.
type piece struct {
	literal string
	role    Role // "": a literal
	cut     string
	format  Formatter // nil: the value's own text
	json    bool      // escaped as inside of a JSON string, before the place's own escape
	bare    bool      // a JSON number
	def     string    // escaped
	hasDef  bool
	hide    bool // of a secret text: a literal, a default or a parent's field is not shown
}

// template is a text with its placeholders.
type template struct {
	pieces []piece
	at     place
	key    string // for errors
}

// fixed reports whether the text is the same in all requests.
func (t *template) fixed() bool {
	for i := range t.pieces {
		if t.pieces[i].role != "" {
			return false
		}
	}
	return true
}

// hides reports whether what is shown of the text may not be what is sent.
func (t *template) hides() bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool { return p.hide && (p.literal != "" || p.def != "" || p.role.parent()) })
}

// append puts the text of a question behind dst. ok is false where a placeholder has no value; dst comes
// back as it was.
func (t *template) append(dst []byte, a *asked) (out []byte, ok bool, err error) {
	start := len(dst)
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.role == "" {
			dst = append(dst, p.shown(a, p.literal)...)
			continue
		}
		v := a.get(p.role)
		if v == nil {
			if !p.hasDef {
				return dst[:start], false, nil
			}
			dst = append(dst, p.shown(a, p.def)...)
			continue
		}
		if a.show && p.hide && p.role.parent() {
			dst = append(dst, secret.Hidden...)
			continue
		}
		s, err := p.value(v)
		if err != nil {
			return dst[:start], false, class.Errorf(class.Of(err), "%s: %w", t.key, err)
		}
		switch {
		case p.bare && !number(s):
			err = class.Errorf(class.Config, "%s: {%s:number} is %q, which is no number: remove :number to send it as a string", t.key, p.role, text.Clip(s, 60))
		case t.at == inPath && (s == "" || dotted(s)):
			err = class.Errorf(class.Config, "%s: {%s} is %q, which would ask for another path", t.key, p.role, text.Clip(s, 60))
		case t.at == inHeader && !headerText(s):
			err = class.Errorf(class.Config, "%s: {%s} has a line break or another control character in it, which no header carries", t.key, p.role)
		}
		if err != nil {
			return dst[:start], false, err
		}
		if p.bare {
			dst = append(dst, s...)
		} else {
			dst = escape(dst, s, t.at, p.json)
		}
	}
	return dst, true, nil
}

func (p *piece) shown(a *asked, s string) string {
	if a.show && p.hide && s != "" {
		return secret.Hidden
	}
	return s
}

// value is the text of a value before it is escaped.
func (p *piece) value(v *Value) (string, error) {
	switch {
	case p.cut != "":
		return cutOut(v.Text, p.cut)
	case p.format == nil:
		return v.Text, nil
	case !v.Temporal:
		return "", class.Errorf(class.Config, "{%s} has a format of times, and %q is none: remove the format, or name a cursor_format that is a time", p.role, text.Clip(v.Text, 60))
	case p.role == Until:
		return renderUp(p.format, v.Micros), nil
	}
	return p.format.Render(v.Micros), nil
}

// renderUp writes the first granule's start that is not before a time; where granules differ in
// length, a later one at times.
func renderUp(f Formatter, micros int64) string {
	s := f.Render(micros)
	if micros == math.MinInt64 || f.Render(micros-1) != s {
		return s
	}
	g := f.Granule()
	if micros > math.MaxInt64-g {
		return f.Render(math.MaxInt64)
	}
	return f.Render(micros + g)
}
