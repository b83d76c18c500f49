package strategies

import "fmt"

// What a run, a check and a probe say of an API stands here once, so that they say it in the same words.

// SaysUnsorted is said of an API whose rows do not come in the order of the cursor field.
const SaysUnsorted = "the API does not sort by the cursor field"

// SaysOlder says of a page's row, counted from 1, that it breaks the order. page is "a page" or "the page".
func SaysOlder(row int, page string) string {
	return fmt.Sprintf("row %d of %s is older than the row before it", row, page)
}

// SaysIgnored says of a parameter, by its name in the API, that it changes nothing.
func SaysIgnored(param string) string { return "it does not honour the parameter " + param }

// SaysUnfiltered says the same of the parameter of a lower bound: rows from before it come.
func SaysUnfiltered(param string) string {
	return SaysIgnored(param) + ", or compares more coarsely than it writes"
}

// SaysFilter says how a filter compares, by what Cursor.Filter has of it.
func SaysFilter(filter string) string {
	for _, u := range coarser {
		if filter == u.filter {
			return "it compares whole " + u.name
		}
	}
	if filter == FilterStrict {
		return "its filter is > and not >="
	}
	return "its filter is >="
}

// SaysOversize is said of a page with more rows than were asked for.
func SaysOversize(rows, asked int, param string) string {
	return fmt.Sprintf("a page has %d rows, though %d were asked for: the API does not honour the parameter %s (params.limit)", rows, asked, param)
}

// SaysSweep says where an open sweep stands; "": none is open.
func SaysSweep(c Cursor) string {
	s := c.Sweep
	if s == nil {
		return ""
	}
	switch at := s.Slice().Position.(type) {
	case *ValuePosition:
		if at.Token != "" {
			return fmt.Sprintf("from %s, page %d, token %s", s.From, s.Pages+1, at.Token)
		}
	case *RangePosition:
		return fmt.Sprintf("from id %s, next id %d", s.From, at.Next)
	case *CountPosition:
		return fmt.Sprintf("from %s, offset %d after %s", s.From, at.Offset, s.Slice().After)
	}
	if TraitsOf(c.Strategy).Walks {
		return fmt.Sprintf("from %s, page %d", s.Slice().After, s.Pages+1)
	}
	return fmt.Sprintf("from %s, page %d, at %s", s.From, s.Pages+1, s.Slice().After)
}
