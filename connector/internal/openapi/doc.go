// Package openapi drafts a configuration of a description of an API in OpenAPI 3.0 or 3.1, or Swagger 2. It reads text and
// returns a draft; it asks nobody.
//
// Each operation with GET whose answer is a list of objects becomes a stream; any other is in the report with the reason and the
// place. A description has no words for how pages follow each other, what a key is or that a parameter is a filter, so these are
// taken by the names of parameters and fields, and each is told as assumed. What no name tells has the value that
// loses no row, or the stream is left out: a list of which a parameter limits the rows, and nothing leads to the others.
//
// Parameters that a request must have and the description has no value for become environment variables. One in the path
// that the rows of another stream have the value of, by the path before it, makes slices of that stream's rows.
//
// Files: openapi.go (Translate, operations), refs.go (references), operation.go (one of them), answer.go (where its rows stand),
// fields.go (key, schema), pages.go (how pages follow), changes.go (what was changed since), path.go (URLs and parameters),
// access.go (who asks), env.go (variables).
package openapi
