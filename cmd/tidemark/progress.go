package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"tidemark/connector"
)

// progress shows what streams are doing: a table that is drawn over itself on a
// terminal, a line for each sweep elsewhere.
type progress struct {
	out   io.Writer
	live  bool
	width func() int // of the terminal; nil or 0: unknown

	mu    sync.Mutex
	lines int // of the table drawn last
	past  []connector.Status
	at    time.Time
}

// sweep prints a line for a sweep; idle ones are left out.
func (p *progress) sweep(s connector.Sweep) {
	if p.live || (s.Written == 0 && s.Warnings == 0) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%-16s %-10s %6d rows read, %6d written, mark %s, %v\n",
		s.Stream, s.Strategy, s.Read, s.Written, s.Mark, s.Took.Round(time.Millisecond))
}

// run redraws the table until ctx ends.
func (p *progress) run(ctx context.Context, c *connector.Connector) {
	if !p.live {
		return
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		p.draw(c)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *progress) draw(c *connector.Connector) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, all := time.Now(), c.Status()
	p.erase()
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STREAM\tSTRATEGY\tROWS\tROWS/S\tMARK\tSTATE")
	for i, s := range all {
		rate := 0.0
		if len(p.past) == len(all) {
			rate = float64(s.Written-p.past[i].Written) / now.Sub(p.at).Seconds()
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\t%s\n", s.Stream, s.Strategy, s.Written, rate, s.Mark, s.State)
	}
	w.Flush() //nolint:errcheck // a buffer takes everything
	width := 0
	if p.width != nil {
		width = p.width()
	}
	for line := range bytes.Lines(table.Bytes()) {
		line = bytes.TrimRight(line, "\n")
		if width > 0 && len(line) > width { // a line that wraps would be two to erase
			line = line[:width]
		}
		fmt.Fprintf(p.out, "%s\n", line)
	}
	p.lines, p.past, p.at = len(all)+1, all, now
}

// erase takes the table away that was drawn last. The caller holds the lock.
func (p *progress) erase() {
	if p.lines > 0 {
		fmt.Fprintf(p.out, "\x1b[%dA\x1b[J", p.lines) // up, and clear what was there
	}
	p.lines = 0
}

// beside is a writer for what else goes to the same terminal, the log: the table makes
// room for it and is drawn anew below.
func (p *progress) beside(w io.Writer) io.Writer { return besides{p, w} }

type besides struct {
	p *progress
	w io.Writer
}

func (b besides) Write(text []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.p.erase()
	return b.w.Write(text)
}

// finish prints the totals.
func (p *progress) finish(c *connector.Connector) {
	if p.live {
		p.draw(c)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nSTREAM\tSTRATEGY\tPAGES\tROWS READ\tWRITTEN\tMARK\tSTATE")
	for _, s := range c.Status() {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", s.Stream, s.Strategy, s.Pages, s.Read, s.Written, s.Mark, s.State)
	}
	w.Flush() //nolint:errcheck // see draw
}
