// Package preview shows what a stream's first sweep would write, and writes nothing: no record, no cursor, no schema.
// It reads the API by the parts of a run and admits rows by them, against a window that knows nothing, as the window of
// a stream that never ran does. It asks no broker and no registry: the rows are decoded by the plan that encoded them.
package preview

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/render"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Parts are those of a run that reads the stream.
type Parts struct {
	Reading reading.Parts
	Source  reading.Source
	Share   *inflight.Share
	Plan    *wire.Plan
}

// The verdicts, what becomes of a row.
const (
	Written    = "written"
	Tombstone  = "tombstone"
	DeadLetter = "dead_letter"
	Skipped    = "skipped"    // on_bad_row: skip
	Filtered   = "filtered"   // where leaves it out
	Superseded = "superseded" // a later row of the page has its key and cursor value
	Same       = "same"       // an earlier page had it
	Older      = "older"      // an earlier page had a newer version
	Refused    = "refused"    // the page is, because too many of its rows are bad
)

// Stream writes the stream's rows to out, each as a line of JSON, behind a line for each page that was asked for. It stops
// behind limit rows; 0: at the end of the sweep. Errors are those of a run.
func Stream(ctx context.Context, p Parts, limit int, out io.Writer) error {
	s := p.Reading.Stream
	if err := spends(s); err != nil {
		return err
	}
	cursor, err := stream.Adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor, err = p.Reading.Strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return class.Wrap(class.Config, err)
	}
	v := &viewer{began: time.Now(), p: p, out: json.NewEncoder(out), limit: limit,
		admitter: admit.New(p.Reading.Rules, window.New(window.Everything, s.WindowRows), "")}
	v.admitter.First = true
	v.out.SetEscapeHTML(false)
	puller := reading.Puller{Parts: p.Reading, Source: p.Source, Share: p.Share, Once: true, Now: time.Now, Hands: reading.Beside}
	return puller.Sweep(ctx, cursor, func(_ strategies.Cursor, page *reading.Page) (bool, error) { return v.page(ctx, page) })
}

// spends fails where asking the API may cost a refresh token.
func spends(s config.Stream) error {
	if s.Auth.StoreKey != "" || s.Auth.StoreKeyFile.Path != "" {
		return class.Errorf(class.Config, "stream %s: the API may replace the refresh token by being asked, and a preview keeps nothing, so that the new one would be "+
			"lost: use tidemark check, which keeps it", s.Name)
	}
	return nil
}

// viewer shows the rows of one stream.
type viewer struct {
	p        Parts
	admitter *admit.Admitter
	batch    admit.Batch
	out      *json.Encoder
	limit    int
	shown    int
	began    time.Time
}

// request is the line of a page.
type request struct {
	Stream string `json:"stream"`
	Asked  string `json:"asked"` // secrets replaced
	Rows   int    `json:"rows"`
}

// row is the line of a row.
type row struct {
	Stream  string         `json:"stream"`
	Verdict string         `json:"verdict"`
	Reason  string         `json:"reason,omitempty"`
	Topic   string         `json:"topic,omitempty"` // where it goes; left out: nowhere
	Key     any            `json:"key"`
	Value   any            `json:"value"`
	Headers map[string]any `json:"headers,omitempty"`
}

// page shows a page's rows in the order in which they are written; more says whether to go on.
func (v *viewer) page(ctx context.Context, page *reading.Page) (more bool, err error) {
	a := page.Answer
	if a == nil {
		return true, nil
	}
	s, rules := v.p.Reading.Stream, v.p.Reading.Rules
	if err := v.out.Encode(request{s.Name, a.URL, len(a.Rows)}); err != nil {
		return false, err
	}
	tooBad := rules.TooBad(a.URL, a.Rows, nil)
	gone := admit.Arrange(rules.Format, a.Rows)
	from := admit.Page{Rows: a.Rows, URL: a.URL, Date: a.Date, Sweep: v.began}
	for i := range a.Rows {
		r := &a.Rows[i]
		line := row{Stream: s.Name, Key: render.Text(r.Key)}
		switch {
		case tooBad != nil:
			line.Verdict = Refused
			if cause := rules.Cause(r); cause != nil {
				line.Reason = cause.Error()
			}
		case gone != nil && gone[i]:
			line.Verdict = Superseded
		default:
			if err := v.admit(r, &from, &line); err != nil {
				return false, err
			}
		}
		if err := v.value(ctx, r, &line); err != nil {
			return false, err
		}
		if err := v.out.Encode(line); err != nil {
			return false, err
		}
		if v.shown++; v.shown == v.limit {
			return false, tooBad
		}
	}
	return true, tooBad
}

// admit gives the row its verdict.
func (v *viewer) admit(r *strategies.Row, from *admit.Page, line *row) error {
	b := &v.batch
	b.Reset()
	if err := v.admitter.Row(b, r, from, time.Now()); err != nil {
		return err
	}
	s := v.p.Reading.Stream
	c := b.Counts
	if cause := v.p.Reading.Rules.Cause(r); cause != nil {
		line.Reason = cause.Error()
	}
	switch {
	case c.Filtered > 0:
		line.Verdict, line.Reason = Filtered, ""
	case c.Same > 0:
		line.Verdict = Same
	case c.Stale > 0:
		line.Verdict = Older
	case c.Skipped > 0:
		line.Verdict = Skipped
	case c.Dead > 0:
		line.Verdict, line.Topic = DeadLetter, s.Topic+".dlq"
	case c.Deleted > 0:
		line.Verdict, line.Topic = Tombstone, s.Topic
	default:
		line.Verdict, line.Topic = Written, s.Topic
	}
	return nil
}

// value shows what the record holds, or would if there was one.
func (v *viewer) value(ctx context.Context, r *strategies.Row, line *row) error {
	rec := kgo.Record{Value: r.Body}
	if line.Topic != "" {
		made := v.batch.Records[0]
		rec.Value, rec.Headers = made.Value, made.Headers
		if codec := v.p.Reading.Rules.Codec; codec.Wraps() && line.Topic == v.p.Reading.Stream.Topic {
			value, err := codec.Show(made)
			line.Value, line.Headers = json.RawMessage(value), render.Headers(rec.Headers)
			return err
		}
	} else if r.Body == nil && !r.Deleted {
		rec.Value = r.JSON
	}
	value, _, err := render.Value(ctx, decoder{v.p.Plan}, rec.Value)
	if err != nil {
		return fmt.Errorf("decoding the row with id %q: %w", r.Key, err)
	}
	line.Value, line.Headers = value, render.Headers(rec.Headers)
	return nil
}

// decoder decodes what the plan encodes.
type decoder struct{ plan *wire.Plan }

func (d decoder) Decode(_ context.Context, value []byte) ([]byte, int, error) {
	json, err := d.plan.JSON(value)
	return json, d.plan.SchemaID(), err
}

// Of leaves the streams that are asked for; the error names one that there is not.
func Of(streams []config.Stream, name string) ([]config.Stream, error) {
	if name == "" {
		return streams, nil
	}
	var names string
	for i, s := range streams {
		if s.Name == name {
			return streams[i : i+1], nil
		}
		names += ", " + s.Name
	}
	return nil, class.Errorf(class.Config, "there is no stream %s; there is %s", name, names[2:])
}
