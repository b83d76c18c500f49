// Package request makes HTTP requests of questions: a Template, compiled once from what the
// configuration says of an API, and a Question, which says by role what is asked for (from which
// mark, behind which token, how many rows), give method, URL, headers and body. It does no I/O,
// has no clock, and knows no strategy.
//
// # Placeholders
//
// Path, query values, header values, form values, the strings of a JSON body and a text body may
// hold placeholders:
//
//	{since} {until} {token} {page} {offset} {limit} {start_id} {end_id} {order_by} {order_type}
//	{link}           the URL of the next page
//	{link?name}      one parameter cut out of it
//	{parent.field}   a field of the parent's row
//	{first}          nothing on a first page, and no value on later ones: marks what only first pages send
//
// Filters stand behind the name, each after a colon, a default behind a bar: {offset|0},
// {since:epoch_millis:number}, {since:json:%Y-%m-%dT%H:%M:%S|}. A format that begins with % goes up to the bar
// or the brace, so it is the last filter.
//
//	rfc3339, rfc3339_millis, rfc3339_micros, date, epoch_seconds, epoch_millis, epoch_micros, %…
//	                 since, until and a parent's fields: how a time is written, in UTC
//	json             escaped as inside of a JSON string, for a JSON text in a query value, form or text
//	number           JSON bodies: the string, which holds nothing else, becomes a bare number
//
// A brace with a letter behind it begins a placeholder, and one that does not exist is an error; any
// other brace is itself, so that {"a":{"$gte":"{since}"}} can be written as it is. {{ is a brace
// whatever follows, and }} closes it.
//
// # What has no value
//
// A query parameter, header, form field, JSON member or list item with a placeholder that has no value in
// a question is left out as a whole, and so is a JSON object or list that loses all it had, but for
// the outermost. A default stands in for the missing value. A path or a text body cannot be left
// out: there it is an error, of Compile where the question never has the value, else of Build.
//
// # Times
//
// A bound that is written coarser than rows carry it is widened to whole granules (rule 27): {since} is
// rounded down and {until} up, so the request's range holds the one that was asked for. Granule
// tells the caller how much, who has to read the last granule again. Without a format a bound is sent as
// it is, to the letter.
//
// Files: spec.go (what a Template is made from, and what is wrong with it), question.go (roles and
// values), placeholder.go (the syntax), piece.go (a text with placeholders, and its value in a
// question), format.go and strftime.go (times), escape.go (each place's escapes), template.go (Compile),
// body.go (bodies), url.go (URL and path, and the next page's link), build.go (Build).
package request
