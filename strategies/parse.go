package strategies

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseCursor reads a cursor as it is stored: JSON that follows schemas/cursor.schema.json.
// The error names everything that does not. A field that may be absent may also be null or
// zero. One of an earlier version comes in the form of this one, in which it is written from then on. One
// that a later version has written comes as far as it can be read, without its sweep: Newer says what to do about it.
func ParseCursor(data []byte) (Cursor, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return Cursor{}, fmt.Errorf("it is no cursor: %w", err)
	}
	var stored struct {
		Cursor
		Sweep json.RawMessage `json:"sweep"`
	}
	err := strictly(data, &stored) // what it can read it reads, error or not
	c := stored.Cursor
	if c.Version > CursorVersion {
		return c, nil
	}
	if err == nil {
		c.Sweep, err = readSweep(c, stored.Sweep)
	}
	if err != nil {
		return Cursor{}, fmt.Errorf("it is no cursor: %w", err)
	}
	if wrong := c.wrong(fields); len(wrong) > 0 {
		return Cursor{}, errors.New(strings.Join(wrong, "; "))
	}
	c.Version = CursorVersion
	return c, nil
}

// readSweep reads the open sweep of a cursor, in the form that cursors of its version have.
func readSweep(c Cursor, text json.RawMessage) (*Sweep, error) {
	switch {
	case len(text) == 0, string(text) == "null":
		return nil, nil
	case c.Version < 2:
		return readSweepV1(c.Strategy, text)
	}
	var s Sweep
	return &s, strictly(text, &s)
}

// Newer is the error of a stream's cursor that a later version has written, and nil of any other.
func (c Cursor) Newer(stream string) error {
	if c.Version <= CursorVersion {
		return nil
	}
	return fmt.Errorf("the cursor of stream %q has version %d, this tidemark knows versions up to %d: "+
		"run the newer tidemark that wrote it", stream, c.Version, CursorVersion)
}

// wrong says what no cursor has, fields being what was written.
func (c Cursor) wrong(fields map[string]json.RawMessage) (wrong []string) {
	given := func(name string) bool { return fields[name] != nil && string(fields[name]) != "null" }
	for _, name := range []string{"version", "stream", "strategy", "fingerprint", "seq", "owner"} {
		if !given(name) {
			wrong = append(wrong, name+" is missing")
		}
	}
	below := func(name string, v, least int64) {
		if v < least {
			wrong = append(wrong, fmt.Sprintf("%s is %d, and cannot be below %d", name, v, least))
		}
	}
	if given("version") {
		below("version", int64(c.Version), 1)
	}
	below("seq", c.Seq, 0)
	below("lost_at", c.LostAt, 0)
	below("page_limit", int64(c.PageLimit), 0)
	below("longest", int64(c.Longest), 0)
	if given("stream") && c.Stream == "" {
		wrong = append(wrong, "stream is empty")
	}
	if given("strategy") && !slices.Contains(Names(), c.Strategy) {
		wrong = append(wrong, fmt.Sprintf("strategy is %q, and none of %s", c.Strategy, strings.Join(Names(), ", ")))
	}
	readBack := func(name string, r *ReadBack) {
		for i := range r.offsets() {
			below(fmt.Sprintf("%s.offsets[%d]", name, i), r.Offsets[i], 0)
		}
	}
	readBack("read_back", c.ReadBack)
	below("state_partitions", int64(c.StatePartitions), 0)
	if c.Written != nil {
		for i, end := range c.Written.Ends {
			below(fmt.Sprintf("written.ends[%d]", i), end, 0)
		}
	}
	if c.Again != nil {
		for i, end := range c.Again.Ends {
			below(fmt.Sprintf("again.ends[%d]", i), end, 0)
		}
	}
	if t := c.Topic; t != nil {
		below("topic.partitions", int64(t.Partitions), 1)
		for i := range t.Starts {
			below(fmt.Sprintf("topic.starts[%d]", i), t.Starts[i], 0)
		}
		for i := range t.Ends {
			below(fmt.Sprintf("topic.ends[%d]", i), t.Ends[i], 0)
		}
	}
	if s := c.Sweep; s != nil {
		r, _ := Of(c.Strategy)
		wrong = append(wrong, s.wrong(r, below)...)
		readBack("sweep.read_back", s.ReadBack)
	}
	return wrong
}

func (r *ReadBack) offsets() []int64 {
	if r == nil {
		return nil
	}
	return r.Offsets
}
