package connector

import (
	"bytes"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// An API whose filter is >, while the configuration says nothing: the ties across pages, and
// those that join them behind the mark, come once each all the same; it is said once, kept in
// the cursor, and check says it too. Without looking back, which would hide it between polls.
func TestBrokerStrictFilterIsFoundOut(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			h, stream := tiesAtTheMark(t, strategy, true, func(stream *config.Stream) { stream.Lookback, stream.Buffer = 0, 0 })
			if c := h.cursor(stream.Name); c.Filter != strategies.FilterStrict {
				t.Errorf("the cursor says %q of the filter", c.Filter)
			}
			if n := h.logs.count("filter: strict"); n != 1 {
				t.Errorf("said %d times", n)
			}
		})
	}
}

// check asks a second time, from a value just read.
func TestCheckLooksAtTheFilter(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		for name, c := range map[string]struct {
			strict, none bool
			word         string
		}{
			"inclusive": {false, false, ""},
			"strict":    {true, false, "its filter is > and not >="},
			"none":      {false, true, "does not honour the parameter"},
		} {
			t.Run(strategy+" "+name, func(t *testing.T) {
				t.Parallel()
				size := 4
				if strategy == strategies.Timestamp || strategy == strategies.Replay {
					size = 0 // all in one answer
				}
				_, stream := scripted(t, strategy, &script{page: size, strict: c.strict, nofilter: c.none, docs: people(1, 9)})
				stream.PageSize = size
				var out bytes.Buffer
				cfg := &config.Config{Streams: []config.Stream{*stream}}
				if err := Check(t.Context(), cfg, &out); err != nil {
					t.Fatal(err, out.String())
				}
				line := ""
				for l := range strings.Lines(out.String()) {
					if strings.Contains(l, "api "+stream.Name) {
						line = l
					}
				}
				if !strings.HasPrefix(line, "ok") || strings.Contains(line, "filter") != c.strict || !strings.Contains(line, c.word) ||
					strings.Contains(line, "honour") != c.none {
					t.Errorf("check says %s", line)
				}
			})
		}
	}
}
