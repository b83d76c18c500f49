package wire

import (
	"fmt"
	"strconv"
)

// readPaging reads what the configuration says tells of further pages: whether there are any, or
// how many there are. What does not answer that is an error, for an end hangs on it (P8).
func (s *state) readPaging(p *place) error {
	from := s.pos
	if !s.skip() {
		return s.broken()
	}
	text := s.buf[from:s.pos]
	if text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	said := string(text)
	if p.role == rolePages {
		n, err := strconv.ParseInt(said, 10, 64)
		if err != nil || n < 0 {
			return s.malformed(fmt.Sprintf("%q is no number of pages but %s", p.path, s.quote(s.buf[from:s.pos])))
		}
		s.pages = max(n, 1) // a list without rows may have no page at all
		return nil
	}
	switch said {
	case "true", "1", "yes":
		s.evidence.Goes(p.path+": "+said, true)
	case "false", "0", "no", "null", "":
		s.evidence.Ends(p.path + ": " + said)
	default:
		return s.malformed(fmt.Sprintf("%q is neither yes nor no but %s", p.path, s.quote(s.buf[from:s.pos])))
	}
	return nil
}
