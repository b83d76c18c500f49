package strategies

import (
	"fmt"
	"slices"
	"strings"
)

// Names of settings that the mark hangs on, and that are no part of the fingerprint.
const (
	SettingFirst  = "initial_mark" // or initial_id
	SettingOrigin = "origin"       // of the URL
)

// Adopt makes a stored cursor fit the stream's present configuration (rule 19). Among
// keyset, offset, timestamp and replay the mark is kept, an open sweep and what was learnt
// about the API dropped; to or
// from step_size, whose mark is an id and not a time, is refused, and so is a change of
// what the fingerprint covers. A cursor that is empty starts the stream.
//
// settings are what the cursor keeps to name the one that has changed.
func Adopt(c Cursor, stream, strategy, fingerprint string, settings []Setting) (Cursor, error) {
	if c.Version == 0 {
		return Cursor{Version: CursorVersion, Stream: stream, Strategy: strategy, Fingerprint: fingerprint, Settings: settings}, nil
	}
	if err := c.Newer(stream); err != nil {
		return c, err
	}
	if c.Strategy != strategy && (TraitsOf(c.Strategy).ByID || TraitsOf(strategy).ByID) {
		return c, fmt.Errorf("stream %q was read with strategy %s so far; its mark %q means nothing to %s: "+
			"give the stream a new name (and topic), or set the strategy back", stream, c.Strategy, c.Mark, strategy)
	}
	if c.Fingerprint != fingerprint {
		return c, fmt.Errorf("stream %q was read with another %s (fingerprint %s, now %s), for which its mark %q holds: give the stream a new name "+
			"(and topic), or set it back; where the rows keep their ids and the topic is the same, tidemark state delete lets the stream begin anew on it",
			stream, c.differs(settings), c.Fingerprint, fingerprint, c.Mark)
	}
	if c.Strategy != strategy {
		c.Strategy, c.Sweep, c.PageLimit, c.Reached, c.Unsorted, c.Longest = strategy, nil, 0, "", false, 0
		c.TokenAt, c.Closes = "", false
		c.Filter, c.Gone, c.Prior = "", "", ""
	}
	c.Version, c.Settings = CursorVersion, settings
	return c, nil
}

// Changed says of each setting whose text is not that with which the cursor was written: "name (old, now new)". A
// cursor of an earlier version does not tell.
func (c Cursor) Changed(settings []Setting, names ...string) (changed []string) {
	if len(c.Settings) == 0 {
		return nil
	}
	for _, name := range names {
		if was, is := textOf(c.Settings, name), textOf(settings, name); was != is {
			changed = append(changed, fmt.Sprintf("%s (%s, now %s)", name, was, is))
		}
	}
	return changed
}

func textOf(settings []Setting, name string) string {
	for _, s := range settings {
		if s.Name == name {
			return s.Text
		}
	}
	return "none"
}

// differs names the settings of another fingerprint.
func (c Cursor) differs(settings []Setting) string {
	var names []string
	for _, s := range slices.Concat(c.Settings, settings) {
		if s.Name != SettingFirst && s.Name != SettingOrigin && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	if changed := c.Changed(settings, names...); len(changed) > 0 {
		return strings.Join(changed, ", ")
	}
	return "id field, cursor field, cursor format, filter or topic"
}
