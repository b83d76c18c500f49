// Package usual has the names that APIs mostly give to things: to what their rows stand under, to keys, to the parameters by
// which pages and changes are asked for. A name proves nothing; who goes by one tries it, or says that it was taken by its name.
package usual

import (
	"slices"
	"strings"
)

// Rows are names that the rows of a collection stand under; a list there is preferred to a longer one elsewhere.
var Rows = []string{"data", "items", "results", "result", "records", "rows", "value", "values", "entries", "elements", "content", "list", "objects", "hits",
	"documents", "docs", "resources"}

// Keys are the names that fields have by which rows are known, the likeliest first.
var Keys = []string{"id", "_id", "ID", "Id", "uuid", "guid", "key", "rowid", "sys_id", "gid", "pk", "objectid", "OBJECTID", "code", "slug", "sku", "number"}

// KeysOf are Keys, and those that the rows of a collection of that name may have beside them.
func KeysOf(collection string) []string {
	one := strings.TrimSuffix(strings.ToLower(collection), "s")
	return append(slices.Clone(Keys), one+"_id", one+"id")
}

// IsKey reports whether a field has one of the names of KeysOf; longer ones in any case.
func IsKey(field, key string) bool {
	return field == key || len(key) > len("id") && strings.EqualFold(field, key)
}

// changes are parts of the names that fields have which say when a row was changed.
var changes = []string{"updat", "modif", "chang", "edited", "mtime", "lastmod", "timestamp"}

// Changes reports whether a field says by its name when a row was changed.
func Changes(field string) bool {
	field = strings.ToLower(field)
	return slices.ContainsFunc(changes, func(part string) bool { return strings.Contains(field, part) })
}

// Limits are the names of the number of rows of a page.
var Limits = []string{"limit", "per_page", "page_size", "pageSize", "perPage", "size", "_limit", "$top", "take", "max_results", "maxResults", "page[size]", "rows", "count"}

// Numbers are the names of the number of a page.
var Numbers = []string{"page", "p", "pageNumber", "page_number", "pageNo", "page_no", "page[number]", "_page", "pageIndex", "current_page"}

// Offsets are the names of the number of rows to skip.
var Offsets = []string{"offset", "skip", "start", "startAt", "start_at", "_start", "$skip", "from", "start_index", "startIndex", "first"}

// Tokens are the names of the parameter of a token.
var Tokens = []string{"cursor", "page_token", "pageToken", "token", "next", "next_token", "nextToken", "next_cursor", "after", "starting_after", "start",
	"continuation", "continuation_token", "continuationToken", "marker", "scroll_param", "page", "offset", "_next", "from", "bookmark"}

// Behinds are the names of the parameter of the row that a page begins behind.
var Behinds = []string{"starting_after", "after", "start_after", "startAfter", "after_id", "last_id", "since_id", "from_id", "cursor"}

// Holders are objects in which a plain name is that of a token.
var Holders = []string{"cursor", "cursors", "paging", "pageinfo", "page_info", "pagination", "meta"}

// Addresses are names of a URL within an object that leads on.
var Addresses = []string{"href", "url", "uri", "link"}

// IsToken reports whether a scalar beside the rows is the token of the next page, by its name and that of the object it stands in.
// Names that lead on whatever they stand in (wire.LeadsOn) are not among these.
func IsToken(name, within string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"after", "endcursor", "end_cursor", "cursor", "token"}, name) && slices.Contains(Holders, strings.ToLower(within)) ||
		name == "cursor" || name == "scroll_param"
}

// bounds are words of a parameter that asks for rows from a value on.
var bounds = []string{"since", "after", "from", "gte", "gt", "min", "start", "greater"}

// AsksSince reports whether a parameter asks by its name for rows that were changed since a time: updated_since, modifiedAfter,
// filter[updated_at][gte].
func AsksSince(parameter string) bool {
	name := strings.ToLower(parameter)
	return Changes(name) && slices.ContainsFunc(bounds, func(word string) bool { return strings.Contains(name, word) })
}
