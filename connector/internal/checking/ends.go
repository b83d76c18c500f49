package checking

import (
	"fmt"

	"tidemark/connector/config"
	"tidemark/connector/internal/reading"
)

// tokenNote says of keyset's first page that nothing in it tells whether there is more. It is
// empty where something does.
func tokenNote(s config.Stream, page *reading.Answer) string {
	if !s.Traits().ByValue || len(page.Rows) == 0 || page.Token.Present && !page.Token.Blank || s.Ends(config.EndToken) {
		return ""
	}
	what := "no token"
	if page.Token.Present {
		what = page.Token.Text + " for a token"
	}
	return fmt.Sprintf("there is %s at %q: the sweep goes on from the last value until nothing newer comes; is that the right place? "+
		"(if a page like this is the last one: end: token)", what, s.TokenPlace())
}
