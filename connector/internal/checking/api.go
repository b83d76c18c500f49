package checking

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// A check reads the API as a run does, by the same parts: the client with its retries, answers in
// pieces, the session that folds them, what it makes of refusals, and the policy of bad rows. It
// stops after two pages.

// pagesOfACheck is how many pages, or pieces of a long one, a check reads.
const pagesOfACheck = 2

// mostProofs is how many answers more check asks for where one is not proven whole.
const mostProofs = 10

// apiCheck is the look at one stream's API.
type apiCheck struct {
	parts  reading.Parts
	source reading.Source
	stored strategies.Cursor // adopted; of a stream that has not run: with Version 0
	pages  int
	rows   int
	bad    int
	last   error // of the bad rows
	total  int64
	url    string // of the first page
	cut    bool   // the last page was a piece, and there is more of it
	ended  bool   // the sweep has ended with what was read
	some   string // a cursor value that was read
	limit  int    // rows a page, if the API has said so
	marks  wire.Marks
	notes  []string
}

// api asks the stream's next questions and holds the answers against what the strategy needs.
func (c *checker) api(ctx context.Context, s config.Stream, found kafka.State) finding {
	f := finding{what: "api " + s.Name}
	f.text, f.warn, f.err = c.ask(ctx, s, found)
	if assumed(f.err) {
		f.err = fmt.Errorf("%w; tidemark probe %s finds out what the API is like", f.err, s.Name)
	}
	return f
}

// assumed reports whether the API answered, and otherwise than the configuration has it.
func assumed(err error) bool {
	var status *rest.StatusError
	var retries *rest.RetriesError
	var wait *rest.WaitError
	return class.Of(err) == class.Source && !errors.As(err, &status) && !errors.As(err, &retries) && !errors.As(err, &wait)
}

func (c *checker) ask(ctx context.Context, s config.Stream, found kafka.State) (text string, warn bool, err error) {
	parts, source, share, err := c.parts.Reading(s)
	if err != nil {
		return "", false, err
	}
	defer source.Close()
	k := &apiCheck{parts: parts, source: source, total: -1}
	if found.Err == nil {
		k.stored = found.Cursor
	}
	cursor, err := stream.Adopt(k.stored, s)
	if err != nil { // the cursor's own line says it
		k.stored = strategies.Cursor{}
		cursor, err = stream.Adopt(k.stored, s)
	}
	if err == nil {
		cursor, err = parts.Strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return "", false, class.Wrap(class.Config, err)
	}
	if cursor.Sweep != nil {
		puller := reading.Puller{Parts: parts, Source: source, Share: share, Once: true, Now: time.Now, Hands: reading.Beside}
		if err := puller.Sweep(ctx, cursor, k.read); err != nil {
			return "", false, err
		}
	}
	text, warn = k.describe(), k.bad > 0 || !k.few() && len(k.source.Drift().Unmet()) > 0
	if k.some == "" || s.Traits().ByID || s.Traits().Walks {
		return text, warn, nil
	}
	note, err := k.filter(ctx)
	return text + note, warn, err
}

// read takes note of a page. A check reads two, and more where the strategy wants to see what proves them
// whole (rule 20): a start would stop there.
func (k *apiCheck) read(before strategies.Cursor, page *reading.Page) (more bool, err error) {
	k.limit = page.Next.PageLimit
	switch {
	case page.Listed:
		k.notes = append(k.notes, k.parents(page))
		return true, nil
	case page.Answer != nil:
		err = k.page(page.Answer, before)
		k.ended, k.cut = page.Ended, page.Answer.Cut
	case page.Next.PageLimit == before.PageLimit: // the sweep goes back, and the answer went with that
		k.pages++
	}
	enough := k.pages >= pagesOfACheck && (k.cut || !unproven(page.Next)) || k.pages >= pagesOfACheck+mostProofs
	return !enough, err
}

// parents says for which rows of another stream the stream is read.
func (k *apiCheck) parents(page *reading.Page) string {
	e := k.parts.Stream.ForEach
	text := fmt.Sprintf("it is read in slices, one for each of the %d rows of stream %s", page.Parents, e.Stream)
	if first := page.Next.Sweep; first != nil {
		text += fmt.Sprintf(", now that of %s", first.Slice().Parent)
	}
	if page.Doubt != "" {
		text += " (" + page.Doubt + ")"
	}
	return text
}

// unproven reports whether the strategy asks on only for a proof that it has read all.
func unproven(c strategies.Cursor) bool {
	s := c.Sweep
	return s != nil && (s.Proving() || s.Restarts > 0)
}

// page takes note of what a page shows.
func (k *apiCheck) page(a *reading.Answer, c strategies.Cursor) error {
	if err := k.parts.Rules.TooBad(a.URL, a.Rows, stream.AskedBefore(k.parts.Format, k.stored, c)); err != nil {
		return err
	}
	for i := range a.Rows {
		if err := k.parts.Rules.Cause(&a.Rows[i]); err != nil {
			k.bad, k.last = k.bad+1, err
		}
	}
	if k.pages == 0 {
		k.url, k.total = a.URL, a.Total
		k.some = greatestOf(k.parts.Format, a.Rows)
		for _, note := range [...]string{reading.UnsentNote(&k.parts.Stream), tokenNote(k.parts.Stream, a), reading.TwinsNote(&k.parts.Stream, a.Rows), reading.OversizeNote(&k.parts.Stream, &c, a), tieNote(k.parts.Stream, a.Rows)} {
			if note != "" {
				k.notes = append(k.notes, note)
			}
		}
	}
	k.pages++
	k.rows += len(a.Rows)
	k.marks.Add(a.Marks)
	if doubt := reading.DoubtMarks(k.parts.Stream.Deleted, k.marks, a.Rows); doubt != "" && !k.few() && (k.pages == 1 || k.marks.Rows > 0) {
		k.doubt(doubt)
	}
	return nil
}

// few reports whether the rows are too few to conclude anything from what none, or all, of them have:
// those of a poll.
func (k *apiCheck) few() bool { return k.stored.Version > 0 && k.rows <= admit.Few }

// doubt keeps the last word on the deleted field only: that of more rows.
func (k *apiCheck) doubt(text string) {
	for i, note := range k.notes {
		if strings.HasPrefix(note, "deleted.field") {
			k.notes[i] = text
			return
		}
	}
	k.notes = append(k.notes, text)
}

// describe says what was read, and what was not.
func (k *apiCheck) describe() string {
	from := ""
	if k.stored.Version > 0 {
		from = " from the stored cursor on"
	}
	if k.rows == 0 {
		return fmt.Sprintf("%s answers with no rows%s, so whether they are as %s needs could not be looked at", k.url, from, k.parts.Stream.Strategy)
	}
	how := "as " + k.parts.Stream.Strategy + " needs"
	if k.bad == k.rows {
		how = "with rows of which none can be written"
	}
	text := fmt.Sprintf("%s answers %s: %d rows", k.url, how, k.rows)
	if k.total >= 0 {
		text += fmt.Sprintf(" of %d", k.total)
	}
	if k.pages > 1 {
		text += fmt.Sprintf(" in %d pages", k.pages)
	}
	text += from
	var notes []string
	if k.bad > 0 {
		where := "become dead letters in " + k.parts.Stream.Topic + ".dlq"
		if k.parts.Stream.OnBadRow == admit.OnBadSkip {
			where = "are left out"
		}
		notes = append(notes, fmt.Sprintf("%d of them cannot be written and %s, the last: %v", k.bad, where, k.last))
	}
	switch {
	case k.cut:
		notes = append(notes, "the answer was read in part, so whether it is whole and in order was not looked at")
	case !k.ended:
		notes = append(notes, "what comes behind them was not looked at")
	}
	if k.limit > 0 {
		notes = append(notes, fmt.Sprintf("the API allows %d rows a page", k.limit))
	}
	notes = append(append(notes, k.notes...), reading.FieldNotes(k.source.Drift(), k.few(), k.parts.Stream.OnNewField == admit.OnNewEvolve)...)
	return strings.Join(append([]string{text}, notes...), "; ")
}

// greatestOf is the greatest cursor value of the rows; "" where none has one.
func greatestOf(f strategies.Format, rows []strategies.Row) string {
	var greatest strategies.Value
	for i := range rows {
		if v := rows[i].Value; v.Set && (!greatest.Set || f.Compare(v, greatest) > 0) {
			greatest = v
		}
	}
	return string(greatest.Raw)
}

// filter asks from a value just read, as a sweep does that goes on from it: its row has to come
// again, and rows from before it must not (rule 20). What the strategy makes of an answer
// that says otherwise is the note.
func (k *apiCheck) filter(ctx context.Context) (string, error) {
	s := k.parts.Stream
	spec, err := s.Spec()
	if err != nil {
		return "", err
	}
	spec.Lookback, spec.Buffer = 0, 0
	strategy, err := strategies.New(spec)
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	cursor, err := stream.Adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor.Mark, cursor.PageLimit = k.some, k.limit
		cursor, err = strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	note := ""
	for asked := 0; asked < mostProofs+6; asked++ {
		from := cursor.Sweep.Slice().After
		answer, err := k.source.Page(ctx, strategy.Query(cursor).Params)
		var status *rest.StatusError
		if errors.As(err, &status) {
			if v, ok, judged := strategies.Refused(strategy, cursor, status.Means()); ok && judged == nil {
				if cursor = v.Next; cursor.Sweep == nil {
					break
				}
				continue
			}
		}
		if err != nil {
			return "", err
		}
		if asked == 0 && fromBefore(spec.Format, answer.Rows, from) {
			note += fmt.Sprintf("; asked from %q it answers with rows from before: %s", from, strategies.SaysUnfiltered(s.Params.Since))
		}
		v, err := strategy.Fold(cursor, answer.Page)
		url, cut := answer.URL, answer.Cut
		answer.Release()
		answer.GiveUp()
		if err != nil {
			return "", class.Errorf(class.Source, "%s: %w%s", url, err, note)
		}
		if cursor = v.Next; cursor.Filter != "" && cursor.Filter != strategies.FilterInclusive {
			return note + "; " + v.Warning, nil
		}
		if cut || cursor.Sweep == nil || cursor.Sweep.Doubt == 0 {
			break
		}
	}
	return note, nil
}

// fromBefore says whether a row lies before the value that was asked with.
func fromBefore(f strategies.Format, rows []strategies.Row, from string) bool {
	at, err := f.ParseString(from)
	if err != nil {
		return false
	}
	for i := range rows {
		if v := rows[i].Value; v.Set && f.Compare(v, at) < 0 {
			return true
		}
	}
	return false
}
