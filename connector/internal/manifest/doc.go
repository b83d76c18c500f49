// Package manifest drafts a configuration of a low-code connector definition: the YAML in which many public
// connectors say how an API is asked, page by page, and what its rows are. It reads text and returns a draft; it asks
// nobody, and runs nothing of what it reads.
//
// A stream becomes settings where they can say all that the definition says of how rows are found. One that needs
// code, that computes with what it reads, or whose answers are no JSON is refused with the reason and the place in the
// definition; the others are drafted all the same. What the definition does not say (whether a filter is > or >=, what
// comes behind the last page) has the value that loses no row, and is noted as not known; what it says and settings
// cannot is noted as assumed.
//
// The definition's own user settings, {{ config['x'] }}, become environment variables; with Options.Config
// those that are no secrets stand in the draft as they are.
//
// Files: manifest.go (Translate), stream.go (one stream), tree.go (its values), refs.go ($ref and $parameters),
// lex.go and expr.go (templates), eval.go (those that hang on nothing but the definition), text.go and phrase.go (those
// that become texts of the draft), choice.go (those that are made of a setting), settings.go (the user's settings), hole.go
// (what only a request knows), requester.go (URL, parameters) and body.go, auth.go and login.go, pager.go and stop.go (pages and
// their end), incremental.go and format.go (bounds and times), partition.go and parents.go (slices), records.go (rows, key, fields that are
// added), filter.go (which rows), rules.go (errors and budgets), schema.go (that of its rows).
package manifest
