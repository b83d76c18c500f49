package connector

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
// max_bad_rows and 1% (fetcher.countBad), over a page max_bad_ratio.

// fewBad is how many rows a page may have of which all are bad: so few prove nothing.
const fewBad = 3

// tooBad is the error of a page of which too great a part cannot be written; nil: it is not so.
// Rows that known tells were met before: a short page that shows them again says nothing new.
func (r *runner) tooBad(page *answer, known func(*strategies.Row) bool) error {
	if len(page.Rows) <= fewBad {
		return nil
	}
	bad, first := 0, error(nil)
	for i := range page.Rows {
		row := &page.Rows[i]
		err := r.cause(row)
		if err == nil || known != nil && known(row) {
			continue
		}
		if bad++; first == nil {
			first = err
		}
	}
	if float64(bad) <= r.stream.MaxBadRatio*float64(len(page.Rows)) {
		return nil
	}
	return class.Errorf(class.Source, "%s: %d of the page's %d rows cannot be written, a greater part than max_bad_ratio (%v), and none of them was; "+
		"is it the right schema, id_field and cursor_field? (max_bad_ratio: 1 lets them go.) The first: %w",
		page.URL, bad, len(page.Rows), r.stream.MaxBadRatio, first)
}

// metBefore says of a bad row that an earlier page has shown it. Rows that are left out are
// known for as long as the window is; behind a restart it goes by the mark for them.
func (r *runner) metBefore(w *window.Window, mark string) func(*strategies.Row) bool {
	at, err := r.format.ParseString(mark)
	byMark := r.stream.OnBadRow == onBadSkip && mark != "" && err == nil
	return func(row *strategies.Row) bool {
		return w.KnowsDead(row.JSON) || byMark && row.Value.Set && r.format.Compare(row.Value, at) <= 0
	}
}

// badRow sends a row that cannot be written as what it is to the dead-letter topic, in the
// same transaction as the rows around it, once; or leaves it out.
func (c *committer) badRow(row *strategies.Row, cause error, url string) error {
	switch {
	case c.stream.OnBadRow == onBadFail:
		return class.Errorf(class.Source, "%s, row with id %q: %w", url, row.Key, cause)
	case c.window.OfferDead(row.JSON) == window.Same:
		c.counts.Same++
		return nil
	case c.stream.OnBadRow == onBadSkip:
		c.counts.Skipped++
	default:
		c.counts.Dead++
		c.records = append(c.records, c.deadLetter(row, cause, url))
	}
	c.sayBad(row, cause, url)
	return nil
}

// sayBad says that a row cannot be written, once for each field that is at fault.
func (c *committer) sayBad(row *strategies.Row, cause error, url string) {
	field := "" // the row as a whole
	var bad *wire.RowError
	if errors.As(cause, &bad) {
		field = bad.Field
	}
	if c.badSaid[field] {
		return
	}
	if c.badSaid == nil {
		c.badSaid = make(map[string]bool)
	}
	c.badSaid[field] = true
	becomes := "it is a dead letter in " + c.stream.Topic + ".dlq"
	if c.stream.OnBadRow == onBadSkip {
		becomes = "it is left out"
	}
	c.report.Warn(fmt.Sprintf("a row cannot be written: %s; others with the same fault are counted, and not said again", becomes),
		"id", string(row.Key), "url", url, "cause", cause, "on_bad_row", c.stream.OnBadRow)
}
