package reading

import (
	"net/http"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// A page that is refused behind others of its list may be what lies behind the last one: the error says how to say so. Of the
// first page, and of a refusal that is for something else, it does not.
func TestRefusedBehindPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pages, status int
		hint          string
	}{
		{1, http.StatusNotFound, "(if that is how the API answers behind its last page: end: 404)"},
		{2, http.StatusBadRequest, "end: 400"}, {1, http.StatusRequestedRangeNotSatisfiable, "end: 416"},
		{0, http.StatusNotFound, ""}, {1, http.StatusForbidden, ""},
	} {
		stream := config.NewStream("paged", strategies.Snapshot, "http://source/")
		stream.Pages, stream.Params.Page = strategies.ByNumber, "page"
		share := room(10)
		p := partsOf(t, stream, share)
		s := session(t, p)
		for n := range c.pages {
			a, _ := reply{rows: []string{"2025-01-01T00:00:00Z", "2025-01-02T00:00:0" + string(rune('0'+n)) + "Z"}, total: -1}.answer(t, p.Format, nil)
			s.Arrived(asks(s)[0].ID, a, nil)
			free(mustStep(t, s), share)
		}
		s.Arrived(asks(s)[0].ID, nil, class.Wrap(class.Source, &rest.StatusError{Status: c.status, Message: "no"}))
		_, err := s.Step(began)
		if class.Of(err) != class.Source || !strings.Contains(err.Error(), "no") || c.hint != "" && !strings.Contains(err.Error(), c.hint) || c.hint == "" && strings.Contains(err.Error(), "end:") {
			t.Errorf("behind %d pages, %d: %v", c.pages, c.status, err)
		}
		s.Drop()
	}
}
