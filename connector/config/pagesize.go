package config

import "tidemark/strategies"

// PageSizeUnsent says whether page_size is given and does not go with the requests, although
// the strategy reads pages: it has no parameter for it then.
func (s *Stream) PageSizeUnsent() bool {
	t := s.Traits()
	return (t.ByValue || t.Walks) && s.PageSize > 0 && s.paramNames().Limit == ""
}

// pageSize refuses a page_size that the strategy could not use. In the form with one stream
// the keys of all strategies stand side by side, so that only strategy needs to be changed;
// there it may be another strategy's.
func (d *decoder) pageSize(s *Stream, from source) {
	report := func(message, hint string) { d.report(from.at("page_size"), from.path+"page_size", message, hint) }
	flat := from.path == ""
	switch {
	case s.Unpaged && (s.Traits().Counts || s.Traits().ByValue && !flat || s.Traits().Walks && s.Pages != strategies.Unpaged):
		report(s.Strategy+" reads page by page", "give the number of rows a page, or use a strategy that reads without pages")
	case s.PageSizeUnsent() && !flat:
		report("would not be sent: "+s.Strategy+" sends it by the parameter that params.limit names, and that is not given",
			"give the API's name for it in params.limit, or remove page_size: the API's own page size holds then")
	}
}
