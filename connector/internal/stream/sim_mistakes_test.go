package stream

import (
	"fmt"
	"slices"

	"tidemark/connector/config"
)

// What only a machine can do wrong: what it does at the moment when something else has happened.

// mistake makes the machine take an event with the variant's mistake in it.
func (x *world) mistake(w *simWorker, e Event, step func()) {
	m := w.m
	scan := w.scanIsDue()
	if x.variant == stopDrops && e.Kind == Stop && m.flight != nil {
		m.freeAll(m.flight.pages)
		m.flight = nil
	}
	step()
	if x.variant == scanDropped && scan && (m.phase == waiting || m.phase == opening) && e.Kind != Rescanned {
		m.p.Stream.RescanInterval, m.p.Stream.ReconcileInterval = config.Never, config.Never
	}
}

// scanIsDue reports whether a full scan is made, or comes behind what the worker has read.
func (w *simWorker) scanIsDue() bool {
	m := w.m
	due := func(it Item) bool { return it.scan }
	return m.phase == rescanning || m.phase == running && (slices.ContainsFunc(m.pages, due) || slices.ContainsFunc(m.batch.pages, due))
}

// closeBusy is the mistake of going by idle_after alone, whatever there is to write.
func (x *world) closeBusy(m *Machine) {
	if x.variant == closedBusy && m.phase == running && !m.idle && !m.tired.IsZero() && !x.now.Before(m.tired) {
		m.idle, m.out.CloseIdle = true, true
	}
}

// closesIdle holds that a producer which is closed has nothing to write: its transaction would be lost,
// or made by a client that is being closed.
func (x *world) closesIdle(m *Machine) {
	if m.flight != nil || len(m.batch.pages) > 0 || len(m.pages) > 0 {
		x.fail("P7", "the producer is closed, and there is something to write")
	}
}

// mostUnscanned is how many sweeps in a row may end in a process without the full scan behind them: the
// alarm that the topic has lost something keeps one away. An operator who lets the stream read again has it wait, too.
const mostUnscanned = 4

// unscanned holds that a full scan which is due behind each sweep is made.
func (w *simWorker) unscanned() {
	if w.swept++; w.x.stream.RescanInterval == 0 && w.swept > mostUnscanned {
		w.x.fail("P4", "%d sweeps have ended, with a full scan due behind each, and none was made (rule 23)", w.swept)
	}
}

// stop ends a worker's process as an operator does, behind what is on its way.
func (x *world) stop(w *simWorker) {
	x.trace(func() string { return fmt.Sprintf("worker %d is to stop", w.id) })
	x.guard(w, func() { x.tell(w, Event{Kind: Stop}) })
}
