package admit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

var errBad = &wire.RowError{Field: "name", Reason: "is a number"}

// mixed are n rows, of which the first bad ones cannot be written.
func mixed(n, bad int) []strategies.Row {
	rows := make([]strategies.Row, n)
	for i := range rows {
		rows[i] = record(strings.Repeat("k", i+1), int64(i+1), 1)
		if i < bad {
			rows[i] = strategies.Row{Key: rows[i].Key, Value: rows[i].Value, JSON: rows[i].Key, Err: errBad}
		}
	}
	return rows
}

// Of a page a greater part than max_bad_ratio is too bad, those met before apart; few rows prove
// nothing.
func TestTooBad(t *testing.T) {
	for name, c := range map[string]struct {
		n, bad, met int
		ratio       float64
		ok          bool
	}{
		"none":                   {20, 0, 0, 0.5, true},
		"half":                   {20, 10, 0, 0.5, true},
		"a row more":             {20, 11, 0, 0.5, false},
		"a row more, met before": {20, 11, 1, 0.5, true},
		"all of three":           {3, 3, 0, 0.5, true},
		"all of four":            {4, 4, 0, 0.5, false},
		"all are let go":         {20, 20, 0, 1, true},
		"more is asked for":      {20, 5, 0, 0.2, false},
	} {
		r := rules(t, nil)
		r.Stream.MaxBadRatio = c.ratio
		known := func(row *strategies.Row) bool { return len(row.Key) <= c.met }
		if c.met == 0 {
			known = nil
		}
		err := r.TooBad("http://api/users", mixed(c.n, c.bad), known)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (class.Of(err) != class.Source || !errors.Is(err, errBad) || !strings.HasPrefix(err.Error(), "http://api/users: ") || !strings.Contains(err.Error(), "max_bad_ratio")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Over a sweep, more than max_bad_rows and 1% of the rows read so far are too many; with on_bad_row: fail
// one is.
func TestTooMany(t *testing.T) {
	for name, c := range map[string]struct {
		on        string
		most      int
		n, here   int
		read, bad int64
		ok        bool
	}{
		"none":                           {"dlq", 0, 10, 0, 0, 0, true},
		"up to max_bad_rows":             {"dlq", 5, 10, 3, 10, 2, true},
		"a row more":                     {"dlq", 5, 10, 3, 10, 3, false},
		"a row more, and not over 1%":    {"dlq", 5, 10, 3, 590, 3, true},
		"a row more, and just over 1%":   {"dlq", 5, 10, 3, 589, 3, false},
		"left out, they count as well":   {OnBadSkip, 5, 10, 3, 10, 3, false},
		"one, where it is to fail":       {OnBadFail, 100, 10, 1, 10_000, 0, false},
		"none here, where it is to fail": {OnBadFail, 100, 10, 0, 10_000, 7, true},
	} {
		r := rules(t, nil)
		r.Stream.OnBadRow, r.Stream.MaxBadRows = c.on, c.most
		now, err := r.TooMany(mixed(c.n, c.here), c.read, c.bad)
		if (err == nil) != c.ok || err == nil && now != c.here {
			t.Errorf("%s: %d bad rows, %v", name, now, err)
		}
		if err != nil && (class.Of(err) != class.Source || !errors.Is(err, errBad) ||
			strings.Contains(err.Error(), "max_bad_rows") != (c.on != OnBadFail)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bad row was met before if the window knows it; where such rows are left out, also if it lies before the
// mark.
func TestMetBefore(t *testing.T) {
	w := window.New(window.Everything, 0)
	w.OfferDead([]byte("known"))
	for _, on := range []string{"dlq", OnBadSkip} {
		r := rules(t, nil)
		r.Stream.OnBadRow = on
		for mark, before := range map[string]bool{"": false, "4": false, "5": true, "6": true} {
			met := r.MetBefore(w, mark)
			if !met(&strategies.Row{JSON: []byte("known")}) || met(&strategies.Row{JSON: []byte("without a value")}) {
				t.Errorf("%s, mark %s: it does not go by the window", on, mark)
			}
			if got := met(&strategies.Row{JSON: []byte("new"), Value: value(5)}); got != (before && on == OnBadSkip) {
				t.Errorf("%s, mark %s: a row of 5 was met before: %v", on, mark, got)
			}
		}
	}
}

// A bad row becomes a letter once, or is left out, or fails; it is said once for each field, also behind a
// new start.
func TestBadRow(t *testing.T) {
	for _, on := range []string{"dlq", OnBadSkip, OnBadFail} {
		var log bytes.Buffer
		r := rules(t, &log)
		r.Stream.OnBadRow = on
		page := Page{Rows: mixed(4, 2), URL: "http://api/users"}
		for range 2 { // lives
			a, b := admitter(r, "")
			err := a.Page(b, page, now)
			if on == OnBadFail {
				if class.Of(err) != class.Source || !errors.Is(err, errBad) || !strings.Contains(err.Error(), `http://api/users, row with id "k"`) {
					t.Errorf("got %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			letters := 0
			for _, rec := range b.Records {
				if rec.Dead {
					letters++
				}
			}
			if c := b.Counts; c.Dead != int64(letters) || c.Dead+c.Skipped != 2 || (c.Dead == 2) != (on == "dlq") || len(b.Records) != 2+letters {
				t.Errorf("%s: %d records, %d letters, counts %+v", on, len(b.Records), letters, c)
			}
			b.Reset()
			if err := a.Page(b, page, now); err != nil || len(b.Records) != 0 || b.Counts.Same != 4 {
				t.Errorf("%s: shown again, the rows make %d records, %d are known, %v", on, len(b.Records), b.Counts.Same, err)
			}
		}
		said := 1
		if on == OnBadFail {
			said = 0
		}
		if n := strings.Count(log.String(), "a row cannot be written"); n != said || r.Report.Board.Get().Warnings != int64(said) {
			t.Errorf("%s: said %d times, want %d:\n%s", on, n, said, &log)
		}
	}
}

// Rows whose fields are not those of the schema have settings of their own, whatever on_bad_row says, and no bound: a field
// that an API adds is in all rows.
func TestDriftedRows(t *testing.T) {
	added := &wire.RowError{Field: "x", Reason: "the schema has no such field", Drift: wire.NewField}
	lacking := &wire.RowError{Field: "v", Reason: "the field is missing", Drift: wire.MissingField}
	for name, c := range map[string]struct {
		cause                   error
		onNew, onMissing, onBad string
		setting, says           string
		bounded                 bool
	}{
		"a new field is a letter":                     {added, "dlq", "ignore", OnBadFail, "on_new_field", "dlq", false},
		"a new field stops the stream":                {added, OnBadFail, "ignore", OnBadSkip, "on_new_field", OnBadFail, false},
		"a missing field is a letter":                 {lacking, "ignore", "dlq", OnBadSkip, "on_missing_field", "dlq", false},
		"a missing field stops the stream":            {lacking, "ignore", OnBadFail, "dlq", "on_missing_field", OnBadFail, false},
		"one that cannot be left out makes a bad row": {lacking, OnBadFail, "ignore", OnBadSkip, "on_bad_row", OnBadSkip, true},
		"another fault":                               {errBad, OnBadFail, OnBadFail, "dlq", "on_bad_row", "dlq", true},
	} {
		r := rules(t, nil)
		r.Stream.OnNewField, r.Stream.OnMissingField, r.Stream.OnBadRow = c.onNew, c.onMissing, c.onBad
		r.Stream.MaxBadRows = 0
		if setting, says, bounded := r.policy(c.cause); setting != c.setting || says != c.says || bounded != c.bounded {
			t.Errorf("%s: %s: %s, bounded %v", name, setting, says, bounded)
		}
		rows := make([]strategies.Row, 10)
		for i := range rows {
			rows[i] = strategies.Row{Key: []byte("k"), JSON: fmt.Appendf(nil, "row %d", i), Err: c.cause}
		}
		_, err := r.TooMany(rows, 0, 0)
		if (err != nil) != (c.bounded || c.says == OnBadFail) {
			t.Errorf("%s, in a sweep: %v", name, err)
		}
		if c.says == OnBadFail && (class.Of(err) != class.Source || !strings.Contains(err.Error(), c.setting+": fail); ") || !errors.Is(err, c.cause)) {
			t.Errorf("%s does not say what to do: %v", name, err)
		}
		if err := r.TooBad("http://api", rows, nil); (err != nil) != c.bounded {
			t.Errorf("%s, in a page: %v", name, err)
		}
		a, b := admitter(r, "")
		if err := a.Page(b, Page{Rows: rows}, now); (err != nil) != (c.says == OnBadFail) {
			t.Errorf("%s: %v", name, err)
		} else if letters := b.Counts.Dead; err == nil && letters != map[string]int64{"dlq": 10}[c.says] {
			t.Errorf("%s: %d letters", name, letters)
		}
		if got := r.letters(); got != (c.onBad == "dlq" || c.onNew == "dlq" || c.onMissing == "dlq") {
			t.Errorf("%s: letters are read back: %v", name, got)
		}
	}
}
