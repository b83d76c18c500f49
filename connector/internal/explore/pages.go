package explore

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Pages says how the pages of the collection follow each other.
type Pages struct {
	Kind     string        // one of strategies.Pagers
	Settings draft.Section // what goes with it
	Proof    string        // what shows it; "": nothing does, and it is the safe value

	// next is the URL of the page behind one; false: there is none. n is how many pages were read, total how many rows.
	next func(a *answer, rows [][]byte, n, total int) (url string, ok bool)
	// numbered says that pages are counted, so that the one behind the last can be asked for.
	numbered bool
}

// A trial asks whether pages follow each other in one way; nil: nothing shows that they do.
type trial func(context.Context, *explorer) (*Pages, error)

// trials are all of them, in the order in which they are made: what the answer itself offers comes first.
var trials = []trial{byLink, byURL, byToken, byNumber, byOffset, byRow}

// pager tries one way behind the other, and takes the first that leads to other rows.
func (x *explorer) pager(ctx context.Context) error {
	says, err := x.evidence()
	if err != nil {
		return err
	}
	if says.Whole(len(x.rows)) {
		x.found.Pages = Pages{Kind: strategies.Unpaged, Proof: "the answer says that its rows are all there are (" + wholeBy(says) + ")"}
		x.found.Complete = true
		return nil
	}
	order := trials
	if x.counts() {
		order = []trial{byLink, byURL, byToken, byOffset, byNumber, byRow}
	}
	for _, try := range order {
		switch p, err := try(ctx, x); {
		case errors.Is(err, errBudget):
			return x.short()
		case err != nil:
			return err
		case p != nil:
			x.found.Pages = *p
			return nil
		}
	}
	return x.unpaged(ctx, says)
}

// counts reports whether the answer has a number of rows to skip beside its rows.
func (x *explorer) counts() bool {
	for _, f := range x.first.facts(x.path) {
		switch f.name {
		case "offset", "skip", "start", "startAt", "start_at", "from":
			return true
		}
	}
	return false
}

// evidence is what the first answer says of whether its rows are all there are, as a run reads it.
func (x *explorer) evidence() (strategies.Evidence, error) {
	var s infer.Samples
	for _, row := range x.rows {
		if err := s.Add(row); err != nil {
			return strategies.Evidence{}, x.shape("%v", err)
		}
	}
	plan, err := wire.Compile(wire.Options{Schema: s.Infer(infer.Options{Name: "row"}).Text, RecordsPath: x.path, RowHash: true})
	if err != nil {
		return strategies.Evidence{}, x.shape("its rows have no schema: %v", err)
	}
	page, err := plan.Scan(x.first.body)
	if err != nil {
		return strategies.Evidence{}, class.Wrap(class.Source, err)
	}
	defer page.Release()
	says := page.More
	says.And(x.first.heard)
	return says, nil
}

// wholeBy is what makes an answer say that it is whole.
func wholeBy(e strategies.Evidence) string {
	if e.End != "" {
		return e.End
	}
	return e.Count + ": " + strconv.FormatInt(e.Total, 10)
}

// unpaged is the safe value where no pages were found: a run stops at an answer that says that there is more. One that
// says so already is no collection that could be read.
func (x *explorer) unpaged(ctx context.Context, says strategies.Evidence) error {
	for _, what := range x.unled {
		x.unknown("%s", what)
	}
	if more := says.Promises(len(x.rows)); more != "" {
		return x.shape("the answer of %d rows says that there is more (%s), and nothing that was tried leads to other rows", len(x.rows), more)
	}
	switch name, n, err := x.cut(ctx); {
	case errors.Is(err, errBudget):
		return x.short()
	case err != nil:
		return err
	case n > 0:
		return x.shape("the answer of %d rows is cut: asked with %s it has %d. Nothing that was tried leads to the others", len(x.rows), name, n)
	}
	x.found.Pages = Pages{Kind: strategies.Unpaged}
	x.unknown("whether the answer of %d rows holds all: it says nothing of more, and no parameter that was tried led to other rows", len(x.rows))
	return nil
}

// short is the error of a budget that is used up before it is known whether there are pages: rows could be lost by what was
// not asked.
func (x *explorer) short() error {
	return x.shape("how its pages follow each other could not be found out by %d requests: allow more (--requests)", x.asked)
}

// cut asks for more rows than the first answer has. Where one comes the answer is cut.
func (x *explorer) cut(ctx context.Context) (name string, rows int, err error) {
	for _, name := range inURLFirst(x.base, usual.Limits) {
		rows, err := x.rowsAt(ctx, with(x.base, name, strconv.Itoa(2*len(x.rows)+1)))
		if err != nil {
			return "", 0, err
		}
		if len(rows) > len(x.rows) && x.fresh(rows) > 0 {
			return name, len(rows), nil
		}
	}
	return "", 0, nil
}

// rowsAt are the rows of a URL that is asked for a trial's sake. An answer that refuses, or has no list, has none, which
// listed tells from a list without rows.
func (x *explorer) rowsAt(ctx context.Context, url string) ([][]byte, error) {
	a, err := x.get(ctx, url)
	if x.now = a; a == nil {
		if errors.Is(err, errBudget) || ctx.Err() != nil {
			return nil, err
		}
		return nil, nil // a trial that breaks an API says nothing of it
	}
	rows, _ := x.rowsOf(a)
	return rows, nil
}

// listed reports whether the last answer had a list, which may be empty.
func (x *explorer) listed() bool {
	if x.now == nil {
		return false
	}
	_, ok := x.rowsOf(x.now)
	return ok
}

// other reports whether rows are those of another page: there are some, and none is of the first page.
func (x *explorer) other(rows [][]byte) bool { return len(rows) > 0 && x.fresh(rows) == len(rows) }

// same reports whether two lists have the same rows in the same order.
func same(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
