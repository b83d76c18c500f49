package stream

import (
	"fmt"
	"strconv"
	"strings"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// wants writes what the machine wants, until it wants nothing.
func (s *story) wants() {
	for r := s.m.Ready(); !r.Empty(); r = s.m.Ready() {
		for range r.Cancel {
			s.line("-> cancel the question under way")
		}
		for _, a := range r.Asks {
			s.asked = append(s.asked, a.ID)
			s.line("-> ask%s", paramsText(a.Params))
		}
		if c := r.Changed; c != nil {
			s.line("-> say what came of the change: %s", outcomeText(c))
		}
		switch {
		case r.Open && r.Change != nil && r.Change.Delete:
			s.line("-> fence, and remove what the state topic has of the stream")
		case r.Open && r.Change != nil && r.Change.Import != nil:
			s.change = r.Change
			s.line("-> open the stream: fence, read the cursor, claim it changed to that of an export, mark %q", short(r.Change.Import.Cursor.Mark))
		case r.Open && r.Change != nil:
			s.change = r.Change
			s.line("-> open the stream: fence, read the cursor, claim it changed to %q", short(r.Change.To))
		case r.Open:
			s.line("-> open the stream: fence, read the cursor, claim it")
		case r.Load != nil:
			s.load = r.Load
			s.line("-> read the window back from %q on", short(r.Load.Cursor.Window))
		case r.Commit != nil:
			s.commit = r.Commit
			s.line("-> commit %s, %s", recordsText(r.Commit.Records), cursorText(r.Commit.Next))
			s.reopens(r.Commit.Reopen)
		case r.Rescan != nil:
			s.line("-> make a full scan")
			s.reopens(r.Rescan.Reopen)
		case r.CloseIdle:
			s.line("-> close the producer")
		case r.Done && r.Err == nil:
			s.line("-> end")
		case r.Done:
			s.line("-> end, exit %d: %v", class.Of(r.Err), r.Err)
		}
	}
}

// reopens writes that the producer is to be opened first.
func (s *story) reopens(e *Expected) {
	if e != nil {
		s.line("   and open the producer before it, if the cursor is seq %d still", e.Stored.Seq)
	}
}

// tell writes what the operator is told, and where the machine stands.
func (s *story) tell() {
	for line := range strings.Lines(s.log.String()) {
		s.line("   log: %s", strings.TrimSpace(line))
	}
	s.log.Reset()
	if s.m == nil {
		return
	}
	state := s.m.State()
	if s.m.phase == waiting {
		state += " to be opened in " + s.m.reopenAt.Sub(s.now).String()
	}
	if s.m.phase == running {
		switch reading := s.m.reading; {
		case s.m.paused:
			state += ", paused"
		case reading == asking:
			state += ", a question is under way"
		case reading == resting:
			state += ", the next sweep begins in " + s.m.until.Sub(s.now).String()
		case reading == holding:
			state += ", the page is asked for again in " + s.m.until.Sub(s.now).String()
		case reading == through:
			state += ", nothing more is read"
		}
		if s.m.flight != nil {
			state += "; a transaction is on its way"
		}
		if !s.m.gathers.IsZero() {
			state += "; the next one leaves in " + s.m.gathers.Sub(s.now).String()
		}
		if s.m.idle {
			state += "; the producer is closed"
		}
	}
	s.line("   (%s)", state)
}

func (s *story) line(format string, args ...any) { fmt.Fprintf(&s.out, "    "+format+"\n", args...) }

// short leaves the day out.
func short(text string) string { return strings.ReplaceAll(text, "2026-01-01T", "") }

func paramsText(params []strategies.Param) string {
	text := ""
	for _, p := range params {
		text += " " + string(p.Role) + "=" + short(p.Value)
	}
	return text
}

func recordsText(records []admit.Record) string {
	switch len(records) {
	case 0:
		return "the cursor alone"
	case 1:
		return "1 record"
	}
	return strconv.Itoa(len(records)) + " records"
}

func outcomeText(c *Outcome) string {
	if c.Err != nil {
		return c.Err.Error()
	}
	if c.Deleted {
		return "removed"
	}
	return fmt.Sprintf("mark %q becomes %q", short(c.Was), short(c.Will))
}

func cursorText(c strategies.Cursor) string {
	text := "mark " + strconv.Quote(short(c.Mark))
	if c.Sweep == nil {
		return text + ", no sweep open"
	}
	text += ", sweep open behind " + strconv.Quote(short(c.Sweep.Slice().After))
	if token := c.Sweep.Token(); token != "" {
		text += ", token " + strconv.Quote(token)
	}
	return text
}

// Settled tells of pages whose rows the topic has already.
func (s *story) Settled(pages []Item, transactions int64) {
	if transactions > 0 {
		return
	}
	for i := range pages {
		if a := pages[i].Answer; a != nil && len(a.Rows) > 0 {
			s.line("   the topic has these rows already: nothing is written")
		}
	}
}

// Swept tells of a sweep whose end is committed.
func (s *story) Swept(sweep status.Sweep) {
	s.line("   the sweep has ended: rows read: %d, written: %d; mark %q", sweep.Read, sweep.Written, short(sweep.Mark))
}
