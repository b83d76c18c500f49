package wire

import (
	"encoding/json"
	"fmt"
	"strings"

	"tidemark/strategies"
)

// noToken reports whether a token's text is one by which some APIs say that there is none.
func noToken(text string) bool {
	switch strings.ToLower(text) {
	case "false", "0", "-1", "null", "none", "nil", "undefined":
		return true
	}
	return false
}

// Empty is a page without rows, of an answer that has no body.
func Empty() *Page { return &Page{Page: strategies.Page{Total: -1}} }

// noRecords takes null in the place of the rows for none, unless an error stands beside it:
// that is what many an API answers that has failed.
func (s *state) noRecords() error {
	if err := s.meet(); err != nil {
		return err
	}
	if !s.literal("null") {
		return s.broken()
	}
	var beside map[string]any
	_ = json.Unmarshal(s.buf, &beside) // whatever is broken is said where it is
	for _, name := range []string{"error", "errors"} {
		switch v := beside[name].(type) {
		case nil, bool:
			if v != true {
				continue
			}
		case string:
			if v == "" {
				continue
			}
		case []any:
			if len(v) == 0 {
				continue
			}
		case map[string]any:
			if len(v) == 0 {
				continue
			}
		}
		return s.malformed(fmt.Sprintf("%q is null, and %q says why: %s", s.plan.opts.RecordsPath, name, s.quote(s.buf)))
	}
	return nil
}
