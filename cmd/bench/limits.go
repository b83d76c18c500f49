package main

import (
	"context"
	"fmt"
	"time"

	"tidemark/connector/stages"
	"tidemark/strategies"
)

// limited is a stage by itself: how long it took for all rows, less what came before.
type limited struct {
	Rows    int64         `json:"rows"`
	Took    time.Duration `json:"took"`
	Brokers []string      `json:"brokers,omitempty"`
}

// schemaID stands in for the registry's where no registry is asked.
const schemaID = 1

func (a collectionAt) stages() (*stages.Stages, error) {
	return stages.New(a.stream("bench", strategies.Keyset), schemaID)
}

// eachPage calls fn with the request for each page that keyset reads, and with the rows
// that the page adds. Pages overlap by one row, as tidemark's do: it asks with the last
// value it has.
func (a collectionAt) eachPage(fn func(params []strategies.Param, news int64) error) error {
	c, err := parseCollection(a.Collection)
	if err != nil {
		return err
	}
	for done := int64(0); done < a.Rows; {
		from := max(0, done-1)
		news := min(a.Rows, from+int64(a.PageSize)) - done
		if err := fn([]strategies.Param{{Role: strategies.RoleSince, Value: c.stamp(from)}}, news); err != nil {
			return err
		}
		done += news
	}
	return nil
}

// fetchPart reads all pages and looks at none: limit (c).
type fetchPart struct {
	collectionAt
	stages *stages.Stages
}

func (f *fetchPart) prepare(context.Context) (_ any, err error) {
	f.stages, err = f.collectionAt.stages()
	return nil, err
}

func (f *fetchPart) run(ctx context.Context) (any, error) {
	began := time.Now()
	err := f.eachPage(func(params []strategies.Param, _ int64) error { return f.stages.Fetch(ctx, params, nil) })
	return limited{Rows: f.Rows, Took: time.Since(began)}, err
}

func (f *fetchPart) close() error {
	if f.stages != nil {
		f.stages.Close()
	}
	return nil
}

// scanBytes is how many bytes of pages the scanner goes round. They are more than a
// processor's caches hold, as the pages of a stream are.
const scanBytes = 64 << 20

// scanPart makes rows and Avro bodies of pages in memory, and drops them: limit (a).
type scanPart struct {
	collectionAt
	stages *stages.Stages
	pages  [][]byte
	news   []int64
}

func (s *scanPart) prepare(ctx context.Context) (_ any, err error) {
	if s.stages, err = s.collectionAt.stages(); err != nil {
		return nil, err
	}
	held := 0
	return nil, s.eachPage(func(params []strategies.Param, news int64) error {
		if held > scanBytes {
			return nil
		}
		return s.stages.Fetch(ctx, params, func(body []byte) error {
			held += len(body)
			s.pages, s.news = append(s.pages, append([]byte(nil), body...)), append(s.news, news)
			return s.stages.Scan(body, nil) // the first time costs more
		})
	})
}

func (s *scanPart) run(context.Context) (any, error) {
	began, done := time.Now(), int64(0)
	for i := 0; done < s.Rows; i = (i + 1) % len(s.pages) {
		if err := s.stages.Scan(s.pages[i], nil); err != nil {
			return nil, fmt.Errorf("scanning page %d: %w", i, err)
		}
		done += s.news[i]
	}
	return limited{Rows: done, Took: time.Since(began)}, nil
}

func (s *scanPart) close() error {
	if s.stages != nil {
		s.stages.Close()
	}
	return nil
}
