package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// shelf keeps rows as the API writes them, so that serving one again costs a copy: an API
// elsewhere would take no processor time from what is measured. Rows of collections that do
// not change depend on their index alone, so collections of any size share it. What it has
// no room for is written anew each time.
type shelf struct {
	pieces sync.Map // of shelfKey to *piece
	size   atomic.Int64
}

const (
	shelfRows  = 1000    // in a piece
	shelfBytes = 1 << 30 // on the shelf
)

type shelfKey struct {
	at      int64 // which thousand rows
	decimal bool
}

// piece is some rows, each with a comma and a blank behind it, and where they begin.
type piece struct {
	text []byte
	from [shelfRows + 1]int32
}

// piece returns the rows from at*shelfRows on, nil where the shelf is full.
func (s *shelf) piece(c collection, key shelfKey) *piece {
	if p, ok := s.pieces.Load(key); ok {
		return p.(*piece)
	}
	if s.size.Load() > shelfBytes {
		return nil
	}
	p := new(piece)
	for i := range int64(shelfRows) {
		p.text = append(c.writeRows(p.text, key.at*shelfRows+i, 1, key.decimal), ", "...)
		p.from[i+1] = int32(len(p.text))
	}
	if _, there := s.pieces.LoadOrStore(key, p); !there {
		s.size.Add(int64(cap(p.text)))
	}
	return p
}

var shelved shelf

// appendRows writes n rows from row i on, as a JSON array writes its elements.
func (c collection) appendRows(dst []byte, i, n int64, decimal bool) []byte {
	if c.live || n <= 0 {
		return c.writeRows(dst, i, n, decimal)
	}
	for end := i + n; i < end; {
		at := i / shelfRows
		to := min(end, (at+1)*shelfRows)
		if p := shelved.piece(c, shelfKey{at, decimal}); p != nil {
			dst = append(dst, p.text[p.from[i-at*shelfRows]:p.from[to-at*shelfRows]]...)
		} else {
			dst = append(c.writeRows(dst, i, to-i, decimal), ", "...)
		}
		i = to
	}
	return dst[:len(dst)-len(", ")]
}

// fill asks the API for every row once, so that it has them on its shelf.
func (b *bench) fill(ctx context.Context) error {
	b.show("warming up the API")
	const size, most = 10_000, 1_500_000 // so many rows have room, by both of their ids
	for from := int64(0); from < min(b.rows, most); from += size {
		for _, path := range []string{
			fmt.Sprintf("/pagination/offset?offset=%d&limit=%d", from, size),
			fmt.Sprintf("/incremental/step?start_id=%d&end_id=%d", from+1, min(from+size, b.rows)),
		} {
			if err := get(ctx, b.api+"/"+fixed(b.rows).path()+path); err != nil {
				return fmt.Errorf("warming up the API: %w", err)
			}
		}
	}
	return nil
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with %s", url, resp.Status)
	}
	return nil
}
