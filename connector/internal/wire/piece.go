package wire

import "tidemark/strategies"

// edge is how far before the end of the bytes in hand the scanner may stop because of it:
// longer than any word, escape or number that it steps back from.
const edge = 64

// ScanPiece reads the first rows of an answer of which only the beginning is there. It
// takes those that are whole and followed by another; the page is Cut then, and
// body[:Head] + body[Taken:] + the bytes that follow are an answer with the rest of the rows.
// None may be whole: more bytes are needed. Where the answer's end is there after all the page
// is not Cut. Errors are Scan's, of text that no more bytes can mend.
func (p *Plan) ScanPiece(body []byte) (*Page, error) { return p.scan(body, "", true) }

// cut reports whether the scan failed because the bytes in hand ended. The row that it was
// at, or the last one where it got through all of them, is left to the next piece.
func (s *state) cut() bool {
	if !s.piece || s.pos+edge < len(s.buf) {
		return false
	}
	if n := len(s.rows) - 1; n >= 0 {
		if s.rows[n].Err != nil {
			s.bad--
		}
		s.unknown = s.known
		s.rows[n] = strategies.Row{}
		s.rows = s.rows[:n]
	}
	return true
}
