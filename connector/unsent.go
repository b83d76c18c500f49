package connector

import (
	"fmt"

	"tidemark/connector/config"
)

// unsentNote is what check and a stream's start say of a page_size that does not go with the
// requests; "": it does, or none is given.
func unsentNote(s config.Stream) string {
	if !s.PageSizeUnsent() {
		return ""
	}
	return fmt.Sprintf("page_size %d is not sent: params.limit is not given, so the API's own page size holds", s.PageSize)
}
