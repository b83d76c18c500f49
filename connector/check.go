package connector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"log/slog"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reader"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Check looks at all that a configuration points to and writes one line for each to
// out: what is right, or what is wrong and what to do. It changes nothing: no topic or
// schema is made, no worker is fenced (rule 7). The error joins what was wrong, the
// first first.
func Check(ctx context.Context, cfg *config.Config, out io.Writer) error {
	c := &checker{ctx: ctx, cfg: cfg, out: out}
	c.line("config", fmt.Sprintf("%d stream(s)", len(cfg.Streams)), nil)
	for _, s := range cfg.Streams {
		text, err := c.api(s)
		c.line("api "+s.Name, text, err)
	}
	c.registry()
	c.kafka()
	return errors.Join(c.errs...)
}

type checker struct {
	ctx  context.Context
	cfg  *config.Config
	out  io.Writer
	errs []error
}

func (c *checker) line(what, text string, err error) bool {
	mark := "ok  "
	if err != nil {
		mark, text = "FAIL", err.Error()
		c.errs = append(c.errs, fmt.Errorf("checking %s: %w", what, err))
	}
	fmt.Fprintf(c.out, "%s %s: %s\n", mark, what, text)
	return err == nil
}

// api asks the stream's first question and holds the answer against what the strategy
// needs.
func (c *checker) api(s config.Stream) (string, error) {
	spec, err := s.Spec()
	if err != nil {
		return "", err
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	plan, err := wire.Compile(planOptions(s, spec.Format, schemaOf(s), 0))
	if err != nil {
		return "", err
	}
	client, err := rest.New(rest.Options{
		URL: s.URL, Query: s.Query, Headers: s.Headers, Timeout: s.RequestTimeout, MaxBody: s.MaxBody, RateLimit: s.RateLimit,
		Logger: slog.New(slog.DiscardHandler), NoContent: s.Ends(config.EndNoContent),
	})
	if err != nil {
		return "", err
	}
	source := &api{client, plan}
	defer source.Close()
	cursor, err := adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor, err = strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	for {
		answer, err := source.Page(c.ctx, strategy.Query(cursor).Params)
		var status *rest.StatusError
		if errors.As(err, &status) {
			if next, ok := learnLimit(strategy, cursor, status); ok {
				cursor = next
				continue
			}
		}
		if err != nil {
			return "", err
		}
		text, next, err := describePage(s, strategy, cursor, answer, fieldNotes(plan.Drift()))
		greatest := greatestOf(spec.Format, answer.Rows)
		if err == nil && len(answer.Rows) == 0 && (next.Sweep == nil || s.Strategy == strategies.Offset) {
			_, err = reallyEmpty(c.ctx, source, s, spec.Format, strategy.Query(cursor).Params, answer)
		}
		answer.Release()
		if err == nil {
			err = c.goOn(source, strategy, next)
		}
		if err != nil || greatest == "" || s.Strategy == strategies.StepSize {
			return text, err
		}
		note, err := c.filter(source, s, greatest, cursor.PageLimit)
		return text + note, err
	}
}

// mostProofs is how many answers more check asks for where one is not proven whole.
const mostProofs = 10

// goOn asks for what proves the first answer whole, where the strategy wants to see it
// (rule 20): a start would stop there.
func (c *checker) goOn(source source, strategy strategies.Strategy, cursor strategies.Cursor) error {
	open := func() bool {
		s := cursor.Sweep
		return s != nil && (s.Proof != nil || s.Promise != "" || s.Restarts > 0)
	}
	for n := 0; n < mostProofs && open(); n++ {
		answer, err := source.Page(c.ctx, strategy.Query(cursor).Params)
		if err != nil {
			return err
		}
		v, err := strategy.Fold(cursor, answer.Page)
		answer.Release()
		if err != nil {
			return class.Errorf(class.Source, "%s: %w", answer.URL, err)
		}
		moved := v.Next.Sweep != nil && v.Next.Sweep.After != cursor.Sweep.After && !v.Restarted
		if cursor = v.Next; moved && cursor.Sweep.Proof == nil && cursor.Sweep.Restarts == 0 {
			return nil // what was promised is there
		}
	}
	return nil
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
func (c *checker) filter(source *api, s config.Stream, mark string, limit int) (string, error) {
	spec, err := s.Spec()
	if err != nil {
		return "", err
	}
	spec.Lookback, spec.Buffer = 0, 0
	strategy, err := strategies.New(spec)
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	cursor, err := adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor.Mark, cursor.PageLimit = mark, limit
		cursor, err = strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return "", class.Wrap(class.Config, err)
	}
	note := ""
	for asked := 0; asked < 6; asked++ {
		from := cursor.Sweep.After
		answer, err := source.Page(c.ctx, strategy.Query(cursor).Params)
		var status *rest.StatusError
		if errors.As(err, &status) {
			if v, ok, judged := strategies.Refused(strategy, cursor, status.Status); ok && judged == nil {
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
			note += fmt.Sprintf("; asked from %q it answers with rows from before: it does not honour the parameter %s, or compares more coarsely than it writes",
				from, s.Params.Since)
		}
		v, err := strategy.Fold(cursor, answer.Page)
		url := answer.URL
		answer.Release()
		if err != nil {
			return "", class.Errorf(class.Source, "%s: %w%s", url, err, note)
		}
		if cursor = v.Next; cursor.Filter == strategies.FilterStrict || cursor.Filter == strategies.FilterCoarse {
			return note + "; " + v.Warning, nil
		}
		if cursor.Sweep == nil || cursor.Sweep.Doubt == 0 {
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

func describePage(s config.Stream, strategy strategies.Strategy, cursor strategies.Cursor, page *answer, fields []string) (text string, next strategies.Cursor, err error) {
	bad, last := 0, error(nil)
	for i := range page.Rows {
		if err := page.Rows[i].Err; err != nil {
			bad, last = bad+1, err
		}
	}
	switch {
	case bad == 0:
	case s.OnBadRow == onBadFail, bad > s.MaxBadRows && bad > len(page.Rows)/100:
		return "", cursor, class.Errorf(class.Source, "%s: %d of %d rows cannot be written; the last: %w", page.URL, bad, len(page.Rows), last)
	case bad == len(page.Rows): // not a bad row, but a wrong schema, id_field or cursor_field
		return "", cursor, class.Errorf(class.Source, "%s: none of %d rows can be written; the last: %w", page.URL, bad, last)
	}
	v, err := strategy.Fold(cursor, page.Page)
	if err != nil {
		return "", cursor, class.Errorf(class.Source, "%s: %w", page.URL, err)
	}
	var notes []string
	if bad > 0 {
		where := "become dead letters in " + s.Topic + ".dlq"
		if s.OnBadRow == onBadSkip {
			where = "are left out"
		}
		notes = append(notes, fmt.Sprintf("%d of them cannot be written and %s, the last: %v", bad, where, last))
	}
	if doubt := doubtMarks(s.Deleted, page.Marks, page.Rows); doubt != "" {
		notes = append(notes, doubt)
	}
	if cursor.PageLimit > 0 {
		notes = append(notes, fmt.Sprintf("the API allows %d rows a page", cursor.PageLimit))
	}
	if note := tokenNote(s, page); note != "" {
		notes = append(notes, note)
	}
	if note := tieNote(s, page.Rows); note != "" {
		notes = append(notes, note)
	}
	if len(page.Rows) == 0 {
		notes = append(notes, "no rows, so the fields could not be checked")
	}
	text = fmt.Sprintf("%s answers as %s needs: %d rows", page.URL, s.Strategy, len(page.Rows))
	if page.Total >= 0 {
		text += fmt.Sprintf(" of %d", page.Total)
	}
	return strings.Join(append(append([]string{text}, notes...), fields...), "; "), v.Next, nil
}

func (c *checker) registry() {
	r := c.cfg.SchemaRegistry
	switch {
	case r.URL == "" && len(c.cfg.Kafka.Brokers) > 0:
		c.line("registry", "", errNoRegistry)
		return
	case r.URL == "":
		c.line("registry", "the embedded one, not started by check", nil)
		return
	}
	registry, err := wire.NewRegistry(r.URL, r.Username, r.Password.Reveal())
	if err == nil {
		err = registry.Ping(c.ctx)
	}
	if !c.line("registry", r.URL+" answers", err) {
		return
	}
	for _, s := range c.cfg.Streams {
		subject := s.Topic + "-value"
		text, err := registry.Fits(c.ctx, subject, schemaOf(s))
		c.line("schema "+subject, text, err)
	}
}

func (c *checker) kafka() {
	if len(c.cfg.Kafka.Brokers) == 0 {
		c.line("kafka", "the embedded broker, not started by check", nil)
		return
	}
	log := slog.New(slog.DiscardHandler)
	for i, s := range c.cfg.Streams {
		o := sinkOptions(c.cfg, s, log, nil)
		if i == 0 && !c.line("kafka", strings.Join(o.Brokers, ",")+" answers", o.Ping(c.ctx)) {
			return
		}
		topics, err := o.CheckTopics(c.ctx)
		if err != nil {
			c.line("topic "+s.Topic, "", err)
			continue
		}
		c.line("topic "+s.Topic, topics.Data, nil)
		if i == 0 {
			c.line("topic "+o.StateTopic, topics.State, nil)
		}
	}
	c.cursors()
}

// cursors holds what is stored against the configuration (rule 19), as a start would, so
// that a strategy that cannot go on from it is known before the worker is replaced.
func (c *checker) cursors() {
	stored, owners, err := reader.Stored(c.ctx, c.cfg.Kafka.Brokers, c.cfg.Kafka.StateTopic)
	if err != nil {
		c.line("cursors", "", err)
		return
	}
	byStream := make(map[string]reader.State, len(stored))
	for _, s := range stored {
		byStream[s.Stream] = s
	}
	for _, s := range c.cfg.Streams {
		found, ok := byStream[s.Name]
		text, err := "never run", error(nil)
		if ok {
			text, err = describeCursor(s, found)
		}
		c.line("cursor "+s.Name, text, err)
		text, err = sinkOptions(c.cfg, s, slog.New(slog.DiscardHandler), nil).CheckWriters(c.ctx, owners[s.Topic], found.Cursor, found.Producer)
		c.line("writers of topic "+s.Topic, text, err)
	}
}

func describeCursor(s config.Stream, found reader.State) (string, error) {
	if found.Err != nil {
		return "", class.Wrap(class.Broker, found.Err)
	}
	if _, err := adopt(found.Cursor, s); err != nil {
		return "", err
	}
	text := "no mark yet"
	if found.Cursor.Mark != "" {
		text = "mark " + found.Cursor.Mark
	}
	if was := found.Cursor.Strategy; was != s.Strategy {
		text += fmt.Sprintf(", kept when the strategy changes from %s to %s; an open sweep begins anew", was, s.Strategy)
	}
	return text, nil
}
