package connector

import (
	"bytes"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// Two rows of one answer that share an id and differ say that the ids are not unique: once in a
// life, and check says it too. Rows that come twice as they are say nothing.
func TestBrokerIDsThatAreNotUnique(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Offset, strategies.Timestamp, strategies.Replay} {
		for name, c := range map[string]struct {
			docs []doc
			said int
		}{
			"not unique": {[]doc{person("a", at(1), "A"), person("b", at(2), "B"), person("b", at(3), "C"), person("b", at(4), "D")}, 1},
			"doubled":    {[]doc{person("a", at(1), "A"), person("b", at(2), "B"), person("b", at(2), "B"), person("c", at(3), "C")}, 0},
		} {
			s := &script{docs: c.docs, page: 9}
			h, stream := scripted(t, strategy, s)
			h.mustOnce()
			if n := strings.Count(h.logs.String(), "give the field that is (id_field)"); n != c.said {
				t.Errorf("%s, %s: said %d times, want %d:\n%s", strategy, name, n, c.said, h.logs.String())
			}
			var out bytes.Buffer
			if err := Check(t.Context(), &config.Config{Streams: []config.Stream{*stream}}, &out); err != nil {
				t.Errorf("%s, %s: check: %v", strategy, name, err)
			}
			if n := strings.Count(out.String(), "give the field that is (id_field)"); n != c.said {
				t.Errorf("%s, %s: check says it %d times:\n%s", strategy, name, n, &out)
			}
		}
	}
}

// Pages of more rows than page_size say that it is not the API's: once in a life, with the key to
// look at. An API that honours it says nothing.
func TestBrokerPagesOfMoreThanPageSize(t *testing.T) {
	t.Parallel()
	for strategy, key := range map[string]string{
		strategies.Keyset: "params.limit", strategies.Offset: "params.limit", strategies.Timestamp: "page_size: none", strategies.Replay: "page_size: none",
	} {
		for _, size := range []int{2, 50} {
			s := &script{docs: people(1, 9), page: 5, nolimit: true}
			h, stream := scripted(t, strategy, s)
			stream.PageSize, stream.Params.Limit = size, "limit"
			h.mustOnce()
			said := strings.Count(h.logs.String(), key)
			if want := map[bool]int{true: 1}[size == 2]; said != want {
				t.Errorf("%s, page_size %d: said %d times, want %d:\n%s", strategy, size, said, want, h.logs.String())
			}
			if n := len(h.events(stream.Topic)); n != 9 {
				t.Errorf("%s, page_size %d: %d events of 9 rows", strategy, size, n)
			}
		}
	}
}
