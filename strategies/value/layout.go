package value

import (
	"errors"
	"fmt"
	"strings"
)

// layout is a compiled strftime layout, such as "%Y-%m-%d %H:%M:%S".
type layout struct {
	name     string
	tokens   []token
	clock    bool  // it has a time of day
	zoned    bool  // its texts name their zone, or are counted from 1970
	ahead    int   // seconds east of UTC that a zone in plain text says
	fraction bool  // it has a fraction of a second, of any number of digits
	numeric  bool  // its texts are digits alone
	short    bool  // its years have two digits: 1969 to 2068
	unit     int64 // nanoseconds of its smallest step but for the fraction
}

// token is a piece of a layout: plain text, or a directive.
type token struct {
	verb   byte   // 0: plain text
	text   string // as the layout writes it
	digits int    // of a number; 0: as many as there are
	pad    byte   // before a number of fewer digits: '0', ' ', or 0 where nothing is
	colon  bool   // %:z
	why    string // what is wrong with a text that has something else there
}

// directives are the letters behind a % that stand for a field.
const directives = "%Y %y %m %b %B %d %e %j %H %I %p %M %S %f %L %z %:z %Z %a %A %s, %F %T %R %D, and %-d for a number without zeros"

// number is how many digits a directive has.
var number = map[byte]int{'Y': 4, 'y': 2, 'm': 2, 'd': 2, 'e': 2, 'j': 3, 'H': 2, 'I': 2, 'M': 2, 'S': 2, 'L': 3}

// meant are mistakes that layouts of other programs bring along.
var meant = []struct{ text, hint string }{
	{"%epoch_micro", "epoch_micros"}, {"%s_as_float", "epoch_float"}, {"%ms", "epoch_millis"}, {"%s.%f", "epoch_float"},
}

const longestLayout = 200

// compile reads a layout. The error's words fit behind it.
func compile(text string) (*layout, error) {
	if len(text) > longestLayout {
		return nil, fmt.Errorf("is longer than %d bytes", longestLayout)
	}
	for _, m := range meant {
		if strings.HasPrefix(text, m.text) {
			return nil, fmt.Errorf("is written %s here", m.hint)
		}
	}
	l := &layout{name: text}
	if err := l.cut(text); err != nil {
		return nil, err
	}
	return l, l.judge()
}

// cut makes tokens of a layout.
func (l *layout) cut(text string) error {
	for len(text) > 0 {
		if text[0] != '%' {
			n := strings.IndexByte(text, '%')
			if n < 0 {
				n = len(text)
			}
			l.plain(text[:n])
			text = text[n:]
			continue
		}
		t, whole, ok := directive(text)
		switch {
		case !ok:
			return fmt.Errorf("has %q, which is no directive: they are %s", whole, directives)
		case t.verb == '%':
			l.plain("%")
		case t.verb == 'n':
			l.plain("\n")
		case t.verb == 't':
			l.plain("\t")
		case together(t.verb) != "":
			if err := l.cut(together(t.verb)); err != nil {
				return err
			}
		default:
			t.why = "no " + whole
			l.tokens = append(l.tokens, t)
		}
		text = text[len(whole):]
	}
	return nil
}

// directive reads the one that a text begins with; whole is all of it.
func directive(text string) (t token, whole string, ok bool) {
	n := 1
	t.pad = '0'
	for ; n < len(text) && (text[n] == '-' || text[n] == ':'); n++ {
		switch {
		case n > 1:
			return t, text[:n+1], false
		case text[n] == '-':
			t.pad = 0
		default:
			t.colon = true
		}
	}
	if n == len(text) {
		return t, text, false
	}
	t.verb, whole = text[n], text[:n+1]
	t.text, t.digits = whole, number[t.verb]
	if t.verb == 'e' {
		t.verb = 'd'
		if t.pad == '0' {
			t.pad = ' '
		}
	}
	switch {
	case t.colon:
		ok = t.verb == 'z'
	case t.pad == 0:
		ok = strings.IndexByte("mdjHIMS", t.verb) >= 0
	default:
		ok = strings.IndexByte("YymbBhdjHIpMSfLzZaAsFTRD%nt", t.verb) >= 0
	}
	if t.verb == 'h' {
		t.verb = 'b'
	}
	return t, whole, ok
}

// together is what a directive is short for.
func together(verb byte) string {
	switch verb {
	case 'F':
		return "%Y-%m-%d"
	case 'T':
		return "%H:%M:%S"
	case 'R':
		return "%H:%M"
	case 'D':
		return "%m/%d/%y"
	}
	return ""
}

// plain adds text that stands as it is.
func (l *layout) plain(text string) {
	if n := len(l.tokens); n > 0 && l.tokens[n-1].verb == 0 {
		text = l.tokens[n-1].text + text
		l.tokens = l.tokens[:n-1]
	}
	l.tokens = append(l.tokens, token{text: text, why: fmt.Sprintf("no %q", text)})
}

// judge finds out what the tokens say together, and refuses what says too little or too much.
func (l *layout) judge() error {
	has := map[byte]string{} // a field: how it is written
	l.numeric = true
	for i, t := range l.tokens {
		if t.verb == 0 {
			l.numeric = false
			continue
		}
		field := t.verb
		switch field {
		case 'y':
			field = 'Y'
		case 'b', 'B':
			field = 'm'
		case 'L':
			field = 'f'
		case 'A':
			field = 'a'
		case 'Z':
			field = 'z'
		}
		if has[field] != "" {
			return fmt.Errorf("says the same twice, by %s and %s", has[field], t.text)
		}
		has[field] = t.text
		l.numeric = l.numeric && (t.digits > 0 && t.pad == '0' || t.verb == 's')
		l.short = l.short || t.verb == 'y'
		l.fraction = l.fraction || t.verb == 'f'
		if open := t.verb == 'f' || t.verb == 's' || t.digits > 0 && t.pad == 0; open && i+1 < len(l.tokens) && l.tokens[i+1].begins() {
			return fmt.Errorf("does not say where %s ends: the next thing may begin with a digit", t.text)
		}
	}
	l.clock = has['H'] != "" || has['I'] != ""
	switch {
	case len(has) == 0:
		return errors.New("has no directive")
	case has['s'] != "" && len(has) > 1:
		return errors.New("has %s beside others: it says all by itself")
	case has['s'] != "":
		l.zoned, l.unit = true, 1e9
		return nil
	}
	for _, need := range []struct {
		it, of byte
		what   string
	}{
		{'f', 'S', "a second"}, {'S', 'M', "a minute"}, {'I', 'p', "%p (am or pm)"}, {'p', 'I', "%I (hours up to 12)"},
		{'d', 'm', "a month"}, {'m', 'Y', "a year"}, {'j', 'Y', "a year"},
	} {
		if has[need.it] != "" && has[need.of] == "" {
			return fmt.Errorf("has %s and not %s", has[need.it], need.what)
		}
	}
	day := has['d'] != "" || has['j'] != ""
	switch {
	case has['Y'] == "":
		return errors.New("has no year")
	case has['j'] != "" && has['m'] != "":
		return errors.New("has the day of the year beside a month")
	case has['H'] != "" && has['I'] != "":
		return errors.New("has %H beside %I")
	case has['z'] != "" && !l.clock:
		return errors.New("has a zone and no time of day")
	case has['M'] != "" && !l.clock:
		return errors.New("has %M and no hour")
	case l.clock && !day:
		return errors.New("has a time of day and no day")
	}
	l.unit = stepOf(has, l.clock, day)
	l.zoned = has['z'] != ""
	if last := l.tokens[len(l.tokens)-1]; last.verb == 0 && l.clock && !l.zoned {
		l.ahead, l.zoned = plainZone(last.text)
	}
	return nil
}

// stepOf is the smallest step of a layout's fields, in nanoseconds: the longest that one may be.
func stepOf(has map[byte]string, clock, day bool) int64 {
	switch {
	case has['f'] == "%L":
		return 1e6
	case has['S'] != "":
		return 1e9
	case has['M'] != "":
		return 60e9
	case clock:
		return 3600e9
	case day:
		return 86400e9
	case has['m'] != "":
		return 31 * 86400e9
	}
	return 366 * 86400e9
}

// begins reports whether the token's text may begin with a digit.
func (t *token) begins() bool {
	if t.verb == 0 {
		return t.text[0] >= '0' && t.text[0] <= '9'
	}
	return t.digits > 0 || t.verb == 'f' || t.verb == 's'
}

// plainZone is the zone that a layout ends with in plain text, as in "%Y-%m-%dT%H:%M:%SZ".
func plainZone(text string) (ahead int, ok bool) {
	for _, name := range zoneNames {
		if strings.HasSuffix(text, name) {
			return 0, true
		}
	}
	for _, n := range [2]int{6, 5} {
		if len(text) >= n && (n == 5 || text[len(text)-3] == ':') {
			if ahead, ok = parseZone([]byte(text[len(text)-n:])); ok {
				return ahead, true
			}
		}
	}
	return 0, false
}
