package stream

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// simSchema is the schema of a process whose rows come to have fields, as options.Living is: of the level that the registry has, or the
// stored cursor, and of higher ones that rows teach it.
type simSchema struct {
	*world
	level, used int // of the schema, and of answers
	settled     bool
}

// rowsOf is by what a cursor knows the schema of a level.
func rowsOf(level int) string { return "rows of level " + strconv.Itoa(level) }

func (s *simSchema) Settle(context.Context) error {
	if s.settled {
		return nil
	}
	level := s.registry.level
	if s.script.Kept {
		level = levelOf(s.log.Cursor().RowSchema())
		if (uint64(s.opened)+s.script.Seed)%3 == 0 { // nobody is fenced: another worker may be there between this look and the fence
			level = 0
		}
	}
	if s.variant == learntForgotten {
		level = 0
	}
	s.level, s.used, s.settled = level, level, true
	return nil
}

func levelOf(rows string) int {
	_, text, _ := strings.Cut(rows, rowsOf(0)[:len(rowsOf(0))-1])
	level, err := strconv.Atoi(text)
	if rows == "" || err != nil {
		return 0
	}
	return level
}

func (s *simSchema) Behind(_ context.Context, rows string) (bool, error) {
	known := levelOf(rows)
	if !s.script.Kept {
		known = s.registry.level
	}
	if known <= s.level || s.variant == settledEarly || s.variant == learntForgotten {
		return false, nil
	}
	s.settled = false
	return true, nil
}

func (s *simSchema) Learn(g *wire.Growth, scans bool) error {
	s.level = levelOf(g.Text)
	if scans {
		s.used = s.level
	}
	return nil
}

func (s *simSchema) Subject() string { return "" }

// connect registers the schema, and makes the inspector of the topic's records.
func (s *simSchema) connect(context.Context) (readback.Inspector, error) {
	if s.used = s.level; !s.script.Kept {
		s.registry.level = max(s.registry.level, s.level)
	}
	i := newSimInspector(s.world)
	i.level = s.level
	if s.script.Kept {
		i.lexicon.Rows = rowsOf(s.level)
		i.lexicon.Texts = map[string]string{}
	}
	return i, nil
}

// grow is what the schema learns of rows.
func (s *simSchema) grow(rows []strategies.Row) (*wire.Growth, []string, error) {
	level := s.used
	for i := range rows {
		if !rows[i].Deleted {
			v, _ := s.api.ReadBody(rows[i].JSON)
			level = max(level, sim.Level(v.Content))
		}
	}
	if level == s.used {
		return nil, nil, nil
	}
	return &wire.Growth{Text: rowsOf(level), Changes: []string{fmt.Sprint("level ", level)}}, nil, nil
}

// learning gives a process's opener the schema, if rows come to have fields.
func (x *world) learning(w *simWorker) {
	if !x.script.Grows {
		return
	}
	w.schema = &simSchema{world: x}
	w.opener.Schema, w.opener.Connect, w.opener.Back.Bodies = w.schema, w.schema.connect, nil
	w.opener.Try.tried = true
}

// level is that of the schema by which a worker's answers are scanned.
func (w *simWorker) level() int {
	if w.schema == nil {
		return sim.Fields
	}
	return w.schema.used
}

// grown reports whether an answer has what the worker's schema does not have.
func (w *simWorker) grown(rows []sim.Version) bool {
	for i := range rows {
		if !rows[i].Deleted && sim.Level(rows[i].Content) > w.level() {
			return true
		}
	}
	return false
}

// filled holds that the scan which is due where the schema has learnt something is made, once the API is at rest. A stream that cannot
// go on makes none, and one that the API's answers contradict is made again later.
func (x *world) filled() {
	w, stopped := x.workers[len(x.workers)-1], x.stats.stops
	due := func() bool {
		return x.script.Backfill && x.wrong == nil && x.log.Cursor().Backfill && x.stats.stops == stopped
	}
	for tries := 0; due() && tries < 1000; tries++ {
		x.step(w, uint16(tries))
	}
	if due() && !x.spoilt {
		x.fail("P2", "a full scan is due for what the schema has learnt, and none was made")
	}
}
