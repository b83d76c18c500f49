// Package verify holds all of a stream's topic against all of its API, and says which keys are missing in the topic, which
// are stale and which are there too many; where it is asked to, it writes just those (a repair).
package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rescan"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// ErrDiffers is the error of a topic that is not as the API says, or of which that cannot be told.
var ErrDiffers = errors.New("the topic is not proven to be as the API says")

// Parts are what topic and API are read by.
type Parts struct {
	Looks  rescan.Looks
	Back   *readback.Reader
	Stored strategies.Cursor
	Spread int // partitions that the stream's keys are spread over
	// Read calls fn with every committed record of the topic from the offsets on (nil: from the start), and returns up
	// to where it has read.
	Read func(ctx context.Context, from []int64, fn func(*kgo.Record) error) (ends []int64, err error)
	// Records is about how many records the topic has.
	Records int64
	// Repair writes; nil: what is wrong is only said.
	Repair   *rescan.Scanner
	Progress func(Progress) // it is called often; may be nil
}

// The phases of a verification.
const (
	ReadingTopic = "reading the topic"
	ReadingAPI   = "reading the API"
	LookingAgain = "reading the API once more"
)

// Progress is how far a verification has come in one phase.
type Progress struct {
	Phase         string
	Done, Total   int64 // records, or rows; Total is an estimate, 0 where there is none
	Shard, Shards int   // of the keys, from 1 on
}

// Report is what was found.
type Report struct {
	Stream string `json:"stream"`
	Topic  string `json:"topic"`
	Mark   string `json:"mark,omitempty"` // rows behind it were not compared: the next sweep writes them
	Rows   int64  `json:"rows"`           // that the API showed, those at the seams of pages more than once
	Keys   int64  `json:"keys"`           // that have a row in the topic

	Missing int64 `json:"missing"` // keys that the API has and the topic has not
	Stale   int64 `json:"stale"`   // keys of which the topic has another row than the API
	Extra   int64 `json:"extra"`   // keys that the topic has and the API has not
	// ExtraUnknown is why nothing is said of keys that the API did not show.
	ExtraUnknown string `json:"extra_unknown,omitempty"`

	Ahead      int64 `json:"ahead"`      // rows behind the mark
	Unsettled  int64 `json:"unsettled"`  // keys that changed while they were looked at
	Unwritable int64 `json:"unwritable"` // rows that cannot be written as what they are
	Filtered   int64 `json:"filtered"`   // rows that the configuration does not want

	Written int64 `json:"written"` // rows that a repair has written
	Deleted int64 `json:"deleted"` // tombstones that it has written

	Examples []Example     `json:"examples"`
	Shards   int           `json:"shards"`
	Memory   int64         `json:"memory_bytes"` // that the keys took at the most
	Took     time.Duration `json:"-"`
}

// Example is a key that is not as it should be.
type Example struct {
	Kind  string `json:"kind"` // missing, stale or extra
	Key   string `json:"key"`
	Value string `json:"value,omitempty"` // its cursor value: the API's, of an extra key the topic's
}

// What may be wrong with a key.
const (
	missing = "missing"
	stale   = "stale"
	extra   = "extra"
)

var kinds = []string{missing, stale, extra}

// mostExamples is how many keys of each kind a report names.
const mostExamples = 5

// Err is ErrDiffers where something is wrong that was not repaired, or may be.
func (r *Report) Err() error {
	if r.Missing+r.Stale+r.Extra > r.Written+r.Deleted || r.ExtraUnknown != "" {
		return ErrDiffers
	}
	return nil
}

// audit is one verification, or one shard of it: the keys are taken in shards by hash, so that memory keeps to
// window_rows whatever the topic's size (P10). Each shard reads topic and API once, and the API once more where
// something seems wrong: what changes meanwhile must not be taken for wrong.
type audit struct {
	Parts
	stream   config.Stream
	mark     strategies.Value // unset: all rows are compared
	report   Report
	shards   uint64
	shard    uint64
	ledger   *window.Ledger
	second   bool
	rows     int64 // of the look in hand
	nameless int64 // rows of the API without an id that can be read
	batch    admit.Batch
	from     admit.Page // that is being looked at
	began    time.Time
}

// Run holds the topic against the API.
func Run(ctx context.Context, p Parts) (Report, error) {
	s := p.Looks.Reading.Stream
	began := p.Looks.Now()
	a := &audit{Parts: p, stream: s, began: began, report: Report{Stream: s.Name, Topic: s.Topic, Mark: p.Stored.Mark, Examples: []Example{}}}
	if err := a.behind(); err != nil {
		return a.report, err
	}
	if err := a.divide(ctx); err != nil {
		return a.report, fmt.Errorf("verifying stream %s: %w", s.Name, err)
	}
	for a.shard = range a.shards {
		if err := a.look(ctx); err != nil {
			return a.report, fmt.Errorf("verifying stream %s: %w", s.Name, err)
		}
	}
	if a.Repair != nil {
		stored, err := a.Repair.Sink.Commit(ctx, nil, a.Repair.Learnt(a.Stored))
		if err != nil {
			return a.report, fmt.Errorf("repairing stream %s: %w", s.Name, err)
		}
		a.Stored = stored
	}
	slices.SortStableFunc(a.report.Examples, func(x, y Example) int { return slices.Index(kinds, x.Kind) - slices.Index(kinds, y.Kind) })
	a.report.Shards, a.report.Took = int(a.shards), p.Looks.Now().Sub(began)
	return a.report, nil
}

// behind finds up to where rows are compared: what lies beyond the mark the next sweep brings.
func (a *audit) behind() (err error) {
	if a.stream.Traits().All {
		return nil
	}
	if a.Stored.Mark == "" {
		return class.Errorf(class.Config, "stream %s has no mark yet: its first sweep has not ended, so the topic cannot have all rows; run it first", a.stream.Name)
	}
	a.mark, err = a.Looks.Reading.Format.ParseString(a.Stored.Mark)
	return class.Wrap(class.Broker, err)
}

// divide decides in how many shards the keys are taken.
func (a *audit) divide(ctx context.Context) error {
	enough := func() uint64 { return uint64(a.Records/int64(a.stream.WindowRows)) + 1 }
	if a.shards = enough(); a.shards == 1 {
		return nil
	}
	// Of many offsets compaction may have left nothing, and counting costs less than to read the API once more.
	a.Records = 0
	_, err := a.Read(ctx, nil, func(*kgo.Record) error {
		a.Records++
		return nil
	})
	a.shards = enough()
	return err
}

func (a *audit) mine(key []byte) bool { return (window.KeyHash(key)>>7)%a.shards == a.shard }

func (a *audit) tell(phase string, done, total int64) {
	if a.Progress != nil {
		a.Progress(Progress{phase, done, total, int(a.shard) + 1, int(a.shards)})
	}
}

// look verifies one shard.
func (a *audit) look(ctx context.Context) error {
	a.ledger, a.second = window.NewLedger(wire.TombstoneHash), false
	ends, err := a.load(ctx)
	if err != nil {
		return err
	}
	live := a.ledger.Begin(func(n int64) bool { return !rescan.OutOfScope(a.stream, a.Looks.Reading.Format, n) })
	a.report.Keys += live
	a.rows = 0
	if err := a.Looks.Look(ctx, a.Stored, false, a.page(ctx)); err != nil {
		return err
	}
	a.report.Memory = max(a.report.Memory, int64(a.ledger.Window.Bytes()))
	if t := a.ledger.Count(); t == (window.Tally{}) {
		return nil
	}
	if a.Repair == nil {
		if err := a.follow(ctx, ends); err != nil {
			return err
		}
	}
	if err := a.lookAgain(ctx); err != nil {
		return err
	}
	t := a.ledger.Count()
	a.report.Missing += t.Missing
	a.report.Stale += t.Differing
	a.report.Unsettled += t.Unsettled
	a.report.Memory = max(a.report.Memory, int64(a.ledger.Window.Bytes()))
	return a.unshown(ctx, t.Unshown)
}

// lookAgain reads the API a second time: what is wrong has to show itself once more.
func (a *audit) lookAgain(ctx context.Context) error {
	a.ledger.Again()
	a.second, a.rows = true, 0
	unshown := func() bool { return a.ledger.Count().Unshown > 0 }
	seen := unshown()
	if seen {
		if err := a.Looks.LookAgain(ctx, a.Stored, a.page(ctx), a.strike, unshown); err != nil {
			return err
		}
	}
	if a.ledger.Count().Unsettled == 0 || seen && !a.Looks.ByToken() {
		return nil
	}
	// A token may pass over rows that share a value.
	a.rows = 0
	return a.Looks.Look(ctx, a.Stored, false, a.page(ctx))
}

// load reads the topic.
func (a *audit) load(ctx context.Context) (ends []int64, err error) {
	a.Back.Begin()
	var n int64
	ends, err = a.Read(ctx, nil, func(rec *kgo.Record) error {
		if n++; n%1000 == 0 {
			a.tell(ReadingTopic, n, a.Records)
		}
		if !a.mine(rec.Key) {
			return nil
		}
		v, hash, err := a.Back.Inspect(ctx, rec)
		if err == nil {
			readback.Load(a.ledger.Window, rec, a.Spread, v, hash)
		}
		return err
	})
	return ends, err
}

// follow takes what was written to the topic since it was read: a worker may be running.
func (a *audit) follow(ctx context.Context, from []int64) error {
	_, err := a.Read(ctx, from, func(rec *kgo.Record) error {
		if !a.mine(rec.Key) || kafka.Home(rec, a.Spread) != rec.Partition {
			return nil
		}
		v, hash, err := a.Back.Inspect(ctx, rec)
		if err == nil {
			a.ledger.Update(rec.Key, v, hash)
		}
		return err
	})
	return err
}

// page holds a page's rows against the ledger.
func (a *audit) page(ctx context.Context) func(*reading.Answer) error {
	return func(answer *reading.Answer) error {
		format := a.Looks.Reading.Format
		superseded := admit.Arrange(format, answer.Rows)
		a.batch.Reset()
		a.from = admit.Page{URL: answer.URL, Sweep: a.began}
		for i := range answer.Rows {
			if superseded == nil || !superseded[i] {
				a.row(&answer.Rows[i])
			}
		}
		a.rows += int64(len(answer.Rows))
		phase := ReadingAPI
		if a.second {
			phase = LookingAgain
		}
		a.tell(phase, a.rows, a.report.Keys*int64(a.shards)/int64(a.shard+1))
		return a.write(ctx)
	}
}

// row holds a row against the ledger, and in a second look names it, or writes it, where it is wrong.
func (a *audit) row(row *strategies.Row) {
	count := func(n *int64) {
		if !a.second {
			*n++
		}
	}
	switch {
	case len(row.Key) == 0:
		if a.shard == 0 {
			count(&a.report.Rows)
			count(&a.report.Unwritable)
		}
		a.nameless++
		return
	case !a.mine(row.Key):
		return
	}
	count(&a.report.Rows)
	switch {
	case row.Filtered:
		count(&a.report.Filtered)
		a.ledger.Pass(row.Key)
		return
	case a.Looks.Reading.Rules.Cause(row) != nil:
		count(&a.report.Unwritable)
		a.ledger.Pass(row.Key)
		return
	case a.mark.Set && row.Value.Set && a.Looks.Reading.Format.Compare(row.Value, a.mark) > 0:
		count(&a.report.Ahead)
		a.ledger.Pass(row.Key)
		return
	}
	kind := ""
	switch a.ledger.Show(row.Key, row.Value, row.Hash) {
	case window.Missing:
		kind = missing
	case window.Differing:
		kind = stale
	}
	if kind == "" || !a.second {
		return
	}
	a.example(kind, row.Key, row.Value.Raw)
	if a.Repair != nil {
		a.mend(kind, row)
	}
}

// strike takes keys that a sweep shows behind the second look for keys that are there.
func (a *audit) strike(answer *reading.Answer) error {
	for i := range answer.Rows {
		if key := answer.Rows[i].Key; len(key) > 0 && a.mine(key) {
			a.ledger.Shown(key)
		}
	}
	return nil
}

// example names a key, if its kind has few yet.
func (a *audit) example(kind string, key, value []byte) {
	n := 0
	for _, e := range a.report.Examples {
		if e.Kind == kind {
			if e.Key == string(key) {
				return
			}
			n++
		}
	}
	if n < mostExamples {
		a.report.Examples = append(a.report.Examples, Example{kind, string(key), string(value)})
	}
}
