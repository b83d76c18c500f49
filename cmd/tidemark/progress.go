package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"tidemark/connector"
)

// progress shows what streams are doing: a table that is drawn over itself on a
// terminal, a line for each sweep elsewhere.
type progress struct {
	out  io.Writer
	live bool
	size func() (columns, rows int) // of the terminal; nil or 0: unknown

	mu    sync.Mutex
	lines []int // of the table drawn last: their lengths
	past  []connector.Status
	at    time.Time
}

// newProgress shows on a terminal, and elsewhere only what sweep and finish are called for.
func newProgress(out io.Writer) *progress {
	return &progress{out: out, live: isTerminal(out), size: func() (int, int) { return sizeOf(out) }}
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
		p.draw(c, false)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// draw draws the table over the one before: as much of it as the terminal is high, for what
// has left it at its top cannot be drawn over. whole: all of it, because it is the last one.
func (p *progress) draw(c *connector.Connector, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, all := time.Now(), c.Status()
	p.erase()
	width, height := p.terminal()
	if whole {
		height = 0
	}
	rates := make([]float64, len(all))
	if len(p.past) == len(all) {
		for i := range all {
			rates[i] = float64(all[i].Written-p.past[i].Written) / now.Sub(p.at).Seconds()
		}
	}
	for line := range bytes.Lines(cut(fitting(all, rates, width), height)) {
		line = bytes.TrimRight(line, "\n")
		if width > 0 && len(line) > width { // a line that wraps would be two to erase
			line = line[:width]
		}
		fmt.Fprintf(p.out, "%s\n", line)
		p.lines = append(p.lines, len(line))
	}
	p.past, p.at = all, now
}

// terminal is its size; 0: unknown.
func (p *progress) terminal() (columns, rows int) {
	if p.size == nil {
		return 0, 0
	}
	return p.size()
}

// cut is the part of a table that a terminal of so many rows has room for above the cursor's
// row, with a line that says how many streams are left out.
func cut(table []byte, height int) []byte {
	n, room := bytes.Count(table, []byte("\n")), max(height-1, 1)
	if height == 0 || n <= room {
		return table
	}
	end := 0
	for range room - 1 {
		end += bytes.IndexByte(table[end:], '\n') + 1
	}
	left := n - max(room-1, 1) // the headings are no stream
	return fmt.Appendf(table[:end:end], "and %d more streams\n", left)
}

// column is one of the table's.
type column struct {
	name  string
	value func(s *connector.Status, rate float64) string
	spare int // the columns of a narrow terminal go in this order; 0: it stays
}

var columns = []column{
	{"STREAM", func(s *connector.Status, _ float64) string { return s.Stream }, 0},
	{"STRATEGY", func(s *connector.Status, _ float64) string { return s.Strategy }, 1},
	{"ROWS", func(s *connector.Status, _ float64) string { return strconv.FormatInt(s.Written, 10) }, 0},
	{"ROWS/S", func(_ *connector.Status, rate float64) string { return strconv.FormatFloat(rate, 'f', 0, 64) }, 2},
	{"MARK", func(s *connector.Status, _ float64) string { return s.Mark }, 3},
	{"STATE", func(s *connector.Status, _ float64) string { return stateOf(s, time.Now()) }, 0},
}

// stateOf is what a stream does, and for how long already where it cannot go on.
func stateOf(s *connector.Status, now time.Time) string {
	if s.Since.IsZero() || s.State != connector.Retrying {
		return string(s.State)
	}
	d := now.Sub(s.Since)
	for _, unit := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= unit.d {
			return fmt.Sprintf("%s %d%s", s.State, d/unit.d, unit.name)
		}
	}
	return fmt.Sprintf("%s %ds", s.State, d/time.Second)
}

// fitting is the table with as many of its columns as the width takes; 0: with all.
func fitting(all []connector.Status, rates []float64, width int) []byte {
	for without := 0; ; without++ {
		var table bytes.Buffer
		w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
		left := 0
		row := func(text func(c *column) string) {
			var cells []string
			for i := range columns {
				if c := &columns[i]; c.spare == 0 || c.spare > without {
					cells = append(cells, text(c))
				}
			}
			left = len(cells)
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
		row(func(c *column) string { return c.name })
		for i := range all {
			row(func(c *column) string { return c.value(&all[i], rates[i]) })
		}
		w.Flush() //nolint:errcheck // a buffer takes everything
		widest := 0
		for line := range bytes.Lines(table.Bytes()) {
			widest = max(widest, len(line)-1)
		}
		if width == 0 || widest <= width || left == 3 {
			return table.Bytes()
		}
	}
}

// erase takes the table away that was drawn last: back to the line's beginning, where a
// Ctrl-C has left its mark, up, and clear what was there. Where the terminal has become
// narrower since, lines have wrapped. The caller holds the lock.
func (p *progress) erase() {
	if len(p.lines) == 0 {
		return
	}
	up := len(p.lines)
	if width, _ := p.terminal(); width > 0 {
		up = 0
		for _, n := range p.lines {
			up += max(1, (n+width-1)/width)
		}
	}
	// Its first line goes by itself: some terminals keep for scrolling back what is cleared all at
	// once from the top.
	fmt.Fprintf(p.out, "\r\x1b[%dA\x1b[K\x1b[B\x1b[J\x1b[A", up)
	p.lines = p.lines[:0]
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
		p.draw(c, true)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nSTREAM\tSTRATEGY\tPAGES\tROWS READ\tWRITTEN\tMARK\tSTATE")
	for _, s := range c.Status() {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", s.Stream, s.Strategy, s.Pages, s.Read, s.Written, s.Mark, stateOf(&s, time.Now()))
	}
	w.Flush() //nolint:errcheck // see draw
}
