package strategies

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ParseCursor reads a cursor as it is stored: JSON that follows schemas/cursor.schema.json.
// The error names everything that does not. A field that may be absent may also be null or
// zero. A cursor that a later version has written comes as far as it can be read: Newer
// says what to do about it.
func ParseCursor(data []byte) (Cursor, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return Cursor{}, fmt.Errorf("it is no cursor: %w", err)
	}
	var c Cursor
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(&c) // what it can read it reads, error or not
	switch {
	case c.Version > CursorVersion:
		return c, nil
	case err != nil:
		return Cursor{}, fmt.Errorf("it is no cursor: %w", err)
	}
	if wrong := c.wrong(fields); len(wrong) > 0 {
		return Cursor{}, errors.New(strings.Join(wrong, "; "))
	}
	return c, nil
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
		below("sweep.offset", s.Offset, 0)
		below("sweep.pages", s.Pages, 0)
		below("sweep.rows", s.Rows, 0)
		below("sweep.bad", s.Bad, 0)
		below("sweep.seen", s.Seen, 0)
		below("sweep.group", s.Group, 0)
		below("sweep.overlap", s.Overlap, 0)
		below("sweep.limit", int64(s.Limit), 0)
		below("sweep.busy", int64(s.Busy), 0)
		below("sweep.largest", int64(s.Largest), 0)
		below("sweep.restarts", int64(s.Restarts), 0)
		below("sweep.ties", int64(s.Ties), 0)
		below("sweep.passed", int64(s.Passed), 0)
		if s.Proof != nil {
			below("sweep.proof.rows.rows", int64(s.Proof.Rows.Rows), 0)
		}
		below("sweep.doubt", s.Doubt, 0)
		below("sweep.doubts", int64(s.Doubts), 0)
		below("sweep.rounds", int64(s.Rounds), 0)
		below("sweep.rises", int64(s.Rises), -1)
		if s.Part != nil {
			below("sweep.part.rows", int64(s.Part.Rows), 0)
			if t := s.Part.Tally; t != nil {
				below("sweep.part.tally.rises", int64(t.Rises), 0)
				below("sweep.part.tally.falls", int64(t.Falls), 0)
				below("sweep.part.tally.tied.rows", int64(t.Tied.Rows), 0)
				below("sweep.part.tally.rest.rows", int64(t.Rest.Rows), 0)
			}
		}
		if s.Walk != nil {
			s.Walk.wrong(below)
		}
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
