package main

import (
	"strconv"
	"time"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// collectionAt is a collection that an API serves, in pages of a size.
type collectionAt struct {
	API        string `json:"api"`
	Collection string `json:"collection"`
	Rows       int64  `json:"rows"`
	PageSize   int    `json:"page_size"`
}

// reading is how a strategy reads a collection: of which endpoint, and with what settings.
type reading struct {
	path string
	set  func(a collectionAt, s *config.Stream)
}

// readings has a line for each strategy.
var readings = map[string]reading{
	strategies.Keyset:    {"/pagination/keyset", collectionAt.perPage},
	strategies.Offset:    {"/pagination/offset", func(a collectionAt, s *config.Stream) { s.PageSize = a.PageSize }},
	strategies.Timestamp: {"/incremental/timestamp", collectionAt.perPage},
	strategies.StepSize:  {"/incremental/step", func(a collectionAt, s *config.Stream) { s.StepSize, s.MaxID = int64(a.PageSize), a.Rows }},
	strategies.Replay:    {"/incremental/timestamp", collectionAt.perPage},
	strategies.Changes: {"/pagination/keyset", func(a collectionAt, s *config.Stream) {
		a.perPage(s)
		s.Pages, s.TokenPath, s.Params.Since, s.Params.Token = "token", "scroll_param", "updated_since", "scroll_param"
	}},
	strategies.Feed: {"/newest", func(a collectionAt, s *config.Stream) {
		a.perPage(s)
		s.Pages, s.TokenPath, s.Params.Token = "token", "next", "token"
	}},
	strategies.Window: {"/incremental/window", func(a collectionAt, s *config.Stream) {
		s.Params.Since, s.Params.Until = "since", "until"
		s.InitialMark = fixed(a.Rows).stamp(0)
		s.Step = time.Duration(a.PageSize) * time.Second // a row a second
		s.Lag = time.Since(time.UnixMicro(fixed(a.Rows).at(a.Rows)))
	}},
	strategies.Snapshot: {"/pagination/offset", func(a collectionAt, s *config.Stream) {
		s.PageSize = a.PageSize
		s.Pages, s.TotalPath, s.Params.Offset, s.Params.Limit = "offset", "total", "offset", "limit"
		s.ReconcileInterval = config.Never // its scans for deletes are full scans as any strategy's
	}},
}

func (a collectionAt) perPage(s *config.Stream) {
	s.Query = map[string]string{"per_page": strconv.Itoa(a.PageSize)}
	if s.Traits().Whole {
		s.PageSize = a.PageSize
	}
}

// stream reads the collection with the strategy.
func (a collectionAt) stream(name, strategy string) config.Stream {
	r := readings[strategy]
	s := config.NewStream(name, strategy, a.API+"/"+a.Collection+r.path)
	r.set(a, &s)
	return s
}
