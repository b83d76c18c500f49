package strategies

import (
	"strings"
	"testing"
)

// keyset sends page_size under the name that params.limit gives it, with every request;
// without a name there is no parameter to send it by.
func TestKeysetSendsPageSize(t *testing.T) {
	spec := playgroundSpec(Keyset)
	spec.PageSize, spec.Params.Limit = 70, "per_page"
	s := mustNew(t, spec)
	c := begin(t, s, Cursor{})
	if q := asked(s.Query(c)); !strings.Contains(q, "since=") || !strings.HasSuffix(q, "&limit=70") {
		t.Errorf("asks %s", q)
	}
	position[ValuePosition](c.Sweep).Token = "next"
	if q := asked(s.Query(c)); q != "token=next&limit=70" {
		t.Errorf("asks with a token %s", q)
	}
	for _, without := range []func(){func() { spec.Params.Limit = "" }, func() { spec.Params.Limit, spec.PageSize = "per_page", 0 }} {
		without()
		s = mustNew(t, spec)
		if q := asked(s.Query(begin(t, s, Cursor{}))); strings.Contains(q, "70") || strings.Contains(q, "limit=") {
			t.Errorf("with page_size %d and the parameter %q it asks %s", spec.PageSize, spec.Params.Limit, q)
		}
	}
}

// keyset learns the page size that an API allows, as offset does; what it does not send it
// cannot have been refused for.
func TestKeysetLearnsLimit(t *testing.T) {
	const message = "per_page must be no more than 20"
	spec := playgroundSpec(Keyset)
	spec.PageSize, spec.Params.Limit = 100, "per_page"
	s := mustNew(t, spec)
	c, ok := LearnLimit(s, begin(t, s, Cursor{}), message)
	if !ok || c.PageLimit != 20 {
		t.Fatalf("learnt %d, %t", c.PageLimit, ok)
	}
	if q := asked(s.Query(c)); !strings.HasSuffix(q, "&limit=20") {
		t.Errorf("asks %s", q)
	}
	if _, ok := LearnLimit(s, c, message); ok {
		t.Error("learnt twice, so the request would be repeated for ever")
	}
	spec.Params.Limit = ""
	if _, ok := LearnLimit(mustNew(t, spec), Cursor{}, message); ok {
		t.Error("learnt the limit of a parameter that is not sent")
	}
}
