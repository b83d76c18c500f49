package config

import (
	"errors"
	"strings"
	"time"
	_ "time/tzdata" // the image has no zones of its own, and each machine shall have the same

	"tidemark/connector/internal/secret"
	txt "tidemark/connector/internal/text"
	"tidemark/strategies"
)

// formats reads cursor_format: a format's name, a strftime layout, or a list of them.
func (d *decoder) formats(key string, n *node, f field, wrong func()) {
	var out []string
	add := func(at *node) bool {
		if at.kind != isText {
			d.report(at.pos, key, "must be "+wants[formats][0]+", not "+at.shown(), f.hint())
			return false
		}
		s, ok := d.expand(key, at)
		if !ok {
			return false
		}
		if why := strategies.CheckFormat(s); why != nil && !strategies.IsLayout(s) {
			hint := f.hint()
			if near := txt.Nearest(s, f.enum); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			d.report(at.pos, key, at.shown()+" is not a cursor format", hint)
			return false
		} else if why != nil {
			d.report(at.pos, key, at.shown()+" "+d.withoutSecrets(why.Error()), `a layout is like "%Y-%m-%d %H:%M:%S"`)
			return false
		}
		out = append(out, s)
		return true
	}
	items := []*node{n}
	switch {
	case n.kind == isList && len(n.items) == 0:
		d.report(n.pos, key, "names no format", f.hint())
		return
	case n.kind == isList:
		items = n.items
	case n.kind != isText:
		wrong()
		return
	}
	good := true
	for _, item := range items {
		good = add(item) && good
	}
	if good {
		*f.into.(*string), *f.more = out[0], out[1:]
		if len(out) == 1 {
			*f.more = nil
		}
	}
}

// withoutSecrets is a text without what came from the environment (P11).
func (d *decoder) withoutSecrets(text string) string {
	var secrets secret.Set
	secrets.AddAll(d.substituted...)
	return secrets.Hide(text)
}

// Format is how the cursor field is read. It fails on a stream that Load did not make, and while
// Load makes it on formats and a zone that do not go together.
func (s *Stream) Format() (strategies.Format, error) {
	zone, err := zoneOf(s.Zone)
	if err != nil {
		return strategies.Format{}, err
	}
	return strategies.ParseFormats(append([]string{s.CursorFormat}, s.MoreFormats...), zone)
}

// format is Format, with what is wrong reported.
func (d *decoder) format(s *Stream, from source) (strategies.Format, bool) {
	if s.CursorFormat == "" {
		return strategies.Format{}, false // said already
	}
	format, err := s.Format()
	if err == nil {
		return format, true
	}
	key, hint := "cursor_format", ""
	if bare := *s; s.Zone != "" {
		bare.Zone = ""
		if _, without := bare.Format(); without == nil {
			key, hint = "zone", "remove zone"
		}
	}
	d.report(from.at(key, "cursor_format"), from.path+key, strings.TrimPrefix(d.withoutSecrets(err.Error()), "cursor format "), hint)
	return format, false
}

// zoneOf is the zone of a name or an offset; nil where there is none.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	for _, layout := range []string{"Z07:00", "Z0700", "Z07"} {
		if t, err := time.Parse(layout, name); err == nil {
			_, ahead := t.Zone()
			return time.FixedZone("", ahead), nil
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // each machine has its own
		return nil, errors.New("is no zone")
	}
	return zone, nil
}

// setBack is how far the clocks of a zone are set back when a summer ends; 0: they never are, or
// there is no zone. An hour that they show twice has the same texts twice, so a row of its second
// pass lies behind rows that were read in the first.
func setBack(name string) time.Duration {
	zone, err := zoneOf(name)
	if err != nil || zone == nil {
		return 0
	}
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, zone) // of a zone that has given summer time up, nothing follows
	_, end := now.ZoneBounds()
	if end.IsZero() {
		return 0
	}
	_, one := now.Zone()
	_, other := end.Zone()
	return time.Duration(max(one-other, other-one)) * time.Second
}

// timeFormats names the formats of time, for hints.
func timeFormats() string {
	return strings.Join(strategies.TimeFormatNames(), ", ") + " or a layout like %Y-%m-%d"
}
