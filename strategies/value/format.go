package value

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Instant is what a text stands for.
type Instant struct {
	N   int64  // microseconds since 1970 (UTC), the integer, or the first 8 bytes in order
	Sub uint16 // nanoseconds beyond N's microsecond
}

func (i Instant) before(j Instant) bool { return i.N < j.N || i.N == j.N && i.Sub < j.Sub }

// kind is one kind of text.
type kind interface {
	// read is the instant of a text. why says what is wrong with a text that is none of the
	// kind's, and is empty otherwise; nothing is allocated, for a list tries several kinds a row.
	read(text []byte, zone *time.Location) (at Instant, why string)
	// step is the smallest step of the layout of a text that was read, in nanoseconds, 1000 of
	// them for an integer's 1; 0 where it is finer than a nanosecond, or there is none.
	step(text []byte) int64
	// write is at in the layout of a text that was read, rounded down to its step, and in the
	// kind's usual layout where like is nil.
	write(like []byte, at Instant, zone *time.Location) string
	// is says what a kind's texts are, in words that fit behind a text that is none.
	is() string
}

// entry is a kind that has a name. Every other name is a strftime layout.
type entry struct {
	name string
	kind kind
	time bool  // durations can be taken from its values
	zone bool  // its texts may lack a zone
	unit int64 // how much of N the number 1 stands for; 0: the texts are no whole numbers
}

// kinds is the table of the kinds. A new one is a line here, and a file.
var kinds = []entry{
	{name: "rfc3339", kind: rfc3339{}, time: true, zone: true},
	{name: "date", kind: date{}, time: true, zone: true},
	{name: "integer", kind: whole{1}, unit: 1},
	{name: "epoch_seconds", kind: whole{1e6}, time: true, unit: 1e6},
	{name: "epoch_millis", kind: whole{1e3}, time: true, unit: 1e3},
	{name: "epoch_micros", kind: whole{1}, time: true, unit: 1},
	{name: "epoch_float", kind: float{}, time: true},
	{name: "opaque", kind: opaque{}},
}

// Names are those of the table.
func Names() []string {
	names := make([]string, 0, len(kinds))
	for _, e := range kinds {
		names = append(names, e.name)
	}
	return names
}

// TimeNames are those of formats from whose values durations can be taken.
func TimeNames() (names []string) {
	for _, e := range kinds {
		if e.time {
			names = append(names, e.name)
		}
	}
	return names
}

// IsLayout reports whether a name is to be a strftime layout.
func IsLayout(name string) bool { return strings.Contains(name, "%") }

// Format reads and writes texts of one kind or several. A nil one is rfc3339 without a zone.
type Format struct {
	kinds  []kind
	names  []string
	zone   *time.Location // of texts that have none; nil: they are taken for UTC
	time   bool
	varies bool  // texts of one format may differ in their steps
	unit   int64 // of a JSON number, see Unit
}

// New makes the format of its names, of which the first that fits a text reads it. A zone is
// that of texts without one; nil: none is given, and a layout that has a time of day has to have
// a zone.
func New(names []string, zone *time.Location) (*Format, error) {
	if len(names) == 0 {
		return nil, errors.New("no cursor format is given")
	}
	f := &Format{names: slices.Clone(names), zone: zone, time: true, varies: len(names) > 1}
	zones := false
	for i, name := range names {
		e, err := find(name)
		if err != nil {
			return nil, fmt.Errorf("cursor format %q %w", name, err)
		}
		switch {
		case slices.Contains(names[:i], name):
			return nil, fmt.Errorf("cursor format %s is given twice", name)
		case len(names) > 1 && !e.time:
			return nil, fmt.Errorf("cursor format %s cannot stand in a list: it is no time, and the values of a list are compared as times", name)
		}
		if by := f.shadow(e); by != "" {
			return nil, fmt.Errorf("cursor format %s never reads a value: %s, which stands before it, takes every number", name, by)
		}
		if l, ok := e.kind.(*layout); ok && l.clock && !l.zoned && zone == nil {
			return nil, fmt.Errorf("cursor format %q has a time of day and no zone: say by zone which one it is, for instance UTC, Europe/Berlin or +02:00", name)
		}
		f.kinds = append(f.kinds, e.kind)
		f.time = f.time && e.time
		f.varies = f.varies || varies(e.kind)
		zones = zones || e.zone
		f.unit = e.unit
	}
	if len(names) > 1 {
		f.unit = 0
	}
	switch {
	case zone != nil && !zones:
		return nil, fmt.Errorf("a zone says nothing about values of cursor format %s, which have one of their own or need none", f)
	case len(names) == 1 && names[0] == kinds[0].name && zone == nil:
		return nil, nil // of which there is one only, so that formats can be compared
	}
	return f, nil
}

// Check says what is wrong with the name of a format, in words that fit behind it.
func Check(name string) error {
	_, err := find(name)
	return err
}

// find is the format of a name. The error's words fit behind the name.
func find(name string) (entry, error) {
	for _, e := range kinds {
		if e.name == name {
			return e, nil
		}
	}
	if !IsLayout(name) {
		return entry{}, fmt.Errorf("is not one of %s, nor a layout like %%Y-%%m-%%d", strings.Join(Names(), ", "))
	}
	l, err := compile(name)
	if err != nil {
		return entry{}, err
	}
	return entry{name: name, kind: l, time: true, zone: !l.zoned}, nil
}

// shadow is the format before e that takes every number that e would.
func (f *Format) shadow(e entry) string {
	if e.unit == 0 {
		return ""
	}
	for i, k := range f.kinds {
		switch k.(type) {
		case whole, float:
			return f.names[i]
		}
	}
	return ""
}

// varies reports whether the texts of a kind may differ in their steps.
func varies(k kind) bool {
	switch k := k.(type) {
	case rfc3339, float:
		return true
	case *layout:
		return k.fraction
	}
	return false
}

// plain is what a nil Format stands for.
var plain = &Format{kinds: []kind{rfc3339{}}, names: []string{"rfc3339"}, time: true, varies: true}

func (f *Format) self() *Format {
	if f == nil {
		return plain
	}
	return f
}

// String is what messages call the format.
func (f *Format) String() string { return strings.Join(f.self().names, ", ") }

// Time reports whether durations can be taken from the format's values.
func (f *Format) Time() bool { return f.self().time }

// Varies reports whether two texts of the format may differ in their steps.
func (f *Format) Varies() bool { return f.self().varies }

// List reports whether the format is one of several kinds.
func (f *Format) List() bool { return len(f.self().kinds) > 1 }

// Unit is how much of an Instant's N the number 1 stands for where the format's texts are whole
// numbers, and 0 where they are not.
func (f *Format) Unit() int64 { return f.self().unit }

// Numbers reports whether a number of JSON may be a text of the format.
func (f *Format) Numbers() bool {
	for _, k := range f.self().kinds {
		switch k := k.(type) {
		case whole, float, opaque:
			return true
		case *layout:
			if k.numeric {
				return true
			}
		}
	}
	return false
}

// Read is the instant that a text stands for. It allocates only on error.
func (f *Format) Read(text []byte) (Instant, error) {
	if f == nil {
		s, why := parseStamp(text)
		if why != "" {
			return Instant{}, refusal(text, rfc3339{}, why)
		}
		return s.Instant, nil
	}
	at, why := f.kinds[0].read(text, f.zone)
	if why == "" {
		return at, nil
	}
	for _, k := range f.kinds[1:] {
		if at, why := k.read(text, f.zone); why == "" {
			return at, nil
		}
	}
	if len(f.kinds) == 1 {
		return Instant{}, refusal(text, f.kinds[0], why)
	}
	tried := make([]string, 0, len(f.kinds))
	for i, k := range f.kinds {
		_, why := k.read(text, f.zone)
		tried = append(tried, f.names[i]+": "+why)
	}
	return Instant{}, fmt.Errorf("%q fits no cursor format (%s)", clip(text), strings.Join(tried, "; "))
}

func refusal(text []byte, k kind, why string) error {
	return fmt.Errorf("%q %s%s", clip(text), k.is(), why)
}

// clip shortens a value for an error message.
func clip(b []byte) string {
	if len(b) > 60 {
		return string(b[:57]) + "..."
	}
	return string(b)
}
