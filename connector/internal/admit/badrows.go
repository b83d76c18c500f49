package admit

import (
	"errors"
	"fmt"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Rows that cannot be written as what they are go to the dead-letter topic, or are left out,
// one by one. Many of them are another matter: then it is not the rows but the schema or the
// configuration that is wrong, and the stream stops. There are two bounds. Over a sweep it is
// max_bad_rows and 1%, over a page max_bad_ratio.

// What on_bad_row says; its third value, dlq, is the default.
const (
	OnBadFail = "fail"
	OnBadSkip = "skip"
)

// What on_new_field and on_missing_field say beside fail, of rows that do not have the schema's fields.
const (
	OnDriftIgnore = "ignore" // a row is written all the same
	OnDriftLetter = "dlq"
	OnNewEvolve   = "evolve" // the schema gets the field
)

// policy is what becomes of a row with the cause, and the setting that says so. Rows whose fields are not those of the
// schema have settings of their own, which tell what to do with all such rows: no bound on the number of bad ones holds
// for them.
func (r *Rules) policy(cause error) (setting, says string, bounded bool) {
	var bad *wire.RowError
	if errors.As(cause, &bad) {
		switch says := r.Stream.OnMissingField; {
		case bad.Drift == wire.NewField:
			return "on_new_field", r.Stream.OnNewField, false
		case bad.Drift == wire.MissingField && (says == OnBadFail || says == OnDriftLetter):
			return "on_missing_field", says, false
		}
	}
	return "on_bad_row", r.Stream.OnBadRow, true
}

// remedies are what to do about a row that a setting stops the stream for.
var remedies = map[string]string{
	"on_new_field":     "; give the schema the field, or set on_new_field to ignore (rows are written without it), evolve (the schema gets it) or dlq",
	"on_missing_field": "; take the field out of the schema, or set on_missing_field to ignore (rows get null or the default) or dlq",
}

// stops is the error of a row that a setting stops the stream for.
func stops(setting string, cause error) error {
	return class.Errorf(class.Source, "%w (%s: fail)%s", cause, setting, remedies[setting])
}

// Few is how many rows prove nothing by what all of them, or none, have.
const Few = 3

// TooBad is the error of a page of which too great a part cannot be written; nil: it is not so.
// Rows that known tells were met before: a short page that shows them again says nothing new. A nil known
// tells none.
func (r *Rules) TooBad(url string, rows []strategies.Row, known func(*strategies.Row) bool) error {
	if len(rows) <= Few {
		return nil
	}
	bad, first := 0, error(nil)
	for i := range rows {
		row := &rows[i]
		err := r.Cause(row)
		if err == nil || known != nil && known(row) {
			continue
		}
		if _, _, bounded := r.policy(err); !bounded {
			continue
		}
		if bad++; first == nil {
			first = err
		}
	}
	if float64(bad) <= r.Stream.MaxBadRatio*float64(len(rows)) {
		return nil
	}
	return class.Errorf(class.Source, "%s: %d of the page's %d rows cannot be written, a greater part than max_bad_ratio (%v), and none of them was; "+
		"is it the right schema, id_field and cursor_field? (max_bad_ratio: 1 lets them go.) The first: %w",
		url, bad, len(rows), r.Stream.MaxBadRatio, first)
}

// TooMany counts the rows of a page that cannot be written, behind read rows of the sweep of which bad
// could not. One of them is an error where on_bad_row says so, too many of them are one always: then it is
// not the rows but the schema that is wrong. Which page it is the caller says.
func (r *Rules) TooMany(rows []strategies.Row, read, bad int64) (nowBad int, err error) {
	read += int64(len(rows))
	for i := range rows {
		cause := r.Cause(&rows[i])
		if cause == nil {
			continue
		}
		setting, says, bounded := r.policy(cause)
		if says == OnBadFail {
			return nowBad + 1, stops(setting, cause)
		}
		if !bounded {
			continue
		}
		nowBad++
		if all := bad + int64(nowBad); all > int64(r.Stream.MaxBadRows) && all*100 > read {
			return nowBad, class.Errorf(class.Source, "%d of the sweep's %d rows cannot be written, more than max_bad_rows (%d) and 1%%; the last: %w",
				all, read, r.Stream.MaxBadRows, cause)
		}
	}
	return nowBad, nil
}

// MetBefore says of a bad row that an earlier page has shown it. Rows that are left out are
// known for as long as the window is; behind a restart it goes by the mark for them.
func (r *Rules) MetBefore(w *window.Window, mark string) func(*strategies.Row) bool {
	at, err := r.Format.ParseString(mark)
	byMark := r.Stream.OnBadRow == OnBadSkip && mark != "" && err == nil
	return func(row *strategies.Row) bool {
		return w.KnowsDead(row.JSON) || byMark && row.Value.Set && r.Format.Compare(row.Value, at) <= 0
	}
}

// badRow sends a row that cannot be written as what it is to the dead-letter topic, in the
// same transaction as the rows around it, once; or leaves it out.
func (a *Admitter) badRow(b *Batch, row *strategies.Row, cause error, url string) error {
	setting, says, _ := a.Rules.policy(cause)
	switch {
	case says == OnBadFail:
		return class.Errorf(class.Source, "%s, row with id %q: %w", url, row.Key, stops(setting, cause))
	case a.Window.OfferDead(row.JSON) == window.Same:
		b.Counts.Same++
		return nil
	case says == OnBadSkip:
		b.Counts.Skipped++
	default:
		b.Counts.Dead++
		b.Records = append(b.Records, a.Rules.deadLetter(row, cause, url))
	}
	a.Rules.sayBad(row, cause, url, setting, says)
	return nil
}

// sayBad says that a row cannot be written, once for each field that is at fault.
func (r *Rules) sayBad(row *strategies.Row, cause error, url, setting, says string) {
	field := "" // the row as a whole
	var bad *wire.RowError
	if errors.As(cause, &bad) {
		field = bad.Field
	}
	if r.badSaid[field] {
		return
	}
	if r.badSaid == nil {
		r.badSaid = make(map[string]bool)
	}
	r.badSaid[field] = true
	becomes := "it is a dead letter in " + r.Stream.Topic + ".dlq"
	if says == OnBadSkip {
		becomes = "it is left out"
	}
	r.Report.Warn(fmt.Sprintf("a row cannot be written: %s; others with the same fault are counted, and not said again", becomes),
		"id", string(row.Key), "field", field, "url", url, "cause", cause, setting, says)
}
