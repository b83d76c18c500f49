// Package explore finds out by asking what an API that nobody has described is like: where its rows stand, what
// they have for a key, how its pages follow each other. It asks within a budget, and what it returns says only what
// answers have proven: a pager was followed to rows that are not those of the first page. What was not proven has the
// safe value, and is told as unknown.
//
// Files: explore.go (the order of things), ask.go (requests), answer.go (what is in an answer), list.go (which of its
// lists are the rows), key.go (what rows are known by), pages.go (the table of trials), page_*.go (a trial each),
// walk.go (more rows, and the end), write.go (the draft).
package explore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tidemark/connector/config"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/rest"
)

// Options say which API is asked, and how much.
type Options struct {
	URL      string                   // of the collection
	Headers  map[string]config.Secret // of each request
	Requests int                      // how many there may be, tries included
	Pages    int                      // that are read at the most; 0: as many as there may be requests
	Name     string                   // of the stream; "": by the URL
	Logger   *slog.Logger             // says what is waited for
}

// Found is what is known of an API.
type Found struct {
	Name   string
	Place  string // the URL, secrets replaced
	URL    string // of the first page, without what the pager sends
	Path   string // of the rows
	Key    string // "": none was found
	Pages  Pages
	Schema infer.Schema
	Fields []infer.Field

	Rows     int   // that were read
	Asked    int   // requests
	Complete bool  // the rows are all there are: the list was read to its end, or says so
	Total    total // what the answer counts

	notes draft.Outcome // Saw, Assumed and Unknown
}

// total is a number of rows that the answer has beside them.
type total struct {
	path string // dotted; "": there is none
	n    int64
}

// explorer is one look at an API.
type explorer struct {
	asker
	pages int    // that are read at the most; 0: any number
	base  string // the URL of the first page
	path  string // of the rows
	first *answer
	rows  [][]byte // of the first page
	seen  map[string]bool
	unled []string // what looked as if it led on, and did not
	found Found
}

// Collection asks an API for one collection. Its errors are those of the requests, and a *ShapeError for an
// answer that is no collection.
func Collection(ctx context.Context, o Options) (*Found, error) {
	x := &explorer{base: o.URL, pages: o.Pages, seen: map[string]bool{}}
	if err := x.open(o); err != nil {
		return nil, err
	}
	defer x.client.Close()
	first, err := x.get(ctx, o.URL)
	if err != nil {
		return nil, fmt.Errorf("asking for the first page: %w", err)
	}
	x.first = first
	x.found.Place = first.url
	x.found.Name = Name(o.Name, o.URL)
	if err := x.locate(); err != nil {
		return nil, err
	}
	if err := x.pager(ctx); err != nil {
		return nil, err
	}
	return x.finish(ctx)
}

// finish reads more rows, and makes the schema of all of them.
func (x *explorer) finish(ctx context.Context) (*Found, error) {
	samples := new(infer.Samples)
	if err := x.walk(ctx, samples); err != nil {
		return nil, err
	}
	f := &x.found
	f.URL, f.Path = x.base, x.path
	f.Fields = samples.Fields()
	f.Rows = samples.Rows()
	f.Asked = x.asked
	x.key(samples)
	o := infer.Options{Name: f.Name, Rename: true}
	if f.Key != "" {
		o.Key = []string{f.Key}
	}
	f.Schema = samples.Infer(o)
	return f, nil
}

// ShapeError says why an answer is no collection that could be read.
type ShapeError struct {
	Reason string
	Place  string // the URL, secrets replaced
}

func (e *ShapeError) Error() string { return e.Place + ": " + e.Reason }

func (x *explorer) shape(format string, args ...any) error {
	return &ShapeError{Reason: x.secrets.Hide(fmt.Sprintf(format, args...)), Place: x.first.url}
}

// errBudget says that no more may be asked.
var errBudget = errors.New("the requests that were allowed are used up")

// refused reports whether an error is an answer with a status that is no page's, which says something of what was
// asked, and its status.
func refused(err error) (status int, ok bool) {
	var e *rest.StatusError
	if errors.As(err, &e) {
		return e.Status, true
	}
	return 0, false
}
