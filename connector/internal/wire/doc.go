// Package wire turns the bytes of an API's answer into rows and Avro, in one pass,
// and talks to the schema registry.
//
// Compile makes a Plan from an Avro schema and the layout of the answers. Plan.Scan
// walks over a page once: it checks the JSON, finds the rows, encodes each into
// Confluent's wire format in the order of the schema, and picks id and cursor value
// on the way. In the steady state a row costs no allocation: everything lies in
// buffers that the page owns and hands back with Release.
//
// Plan.Inspect and Plan.Resolve read such bodies back from the topic, giving the
// cursor value and hash that the same row would have now (rule 11). Decoder makes
// plain JSON of any Avro value in the topic.
//
// What JSON a type takes:
//
//	null, boolean           the literal; nothing else
//	int, long               a whole number in range; 1.0 and 1e3 are whole, "1" is no number but
//	                        as an id or cursor value, see Adjusted
//	float, double           a number in range; one written without point and exponent must be
//	                        what a program that holds it as such a float writes, so
//	                        9007199254740993 is refused rather than rounded
//	string                  a string of valid Unicode (no bad UTF-8; a lone surrogate becomes
//	                        U+FFFD, but for ids and cursor values, which must not become alike);
//	                        as an id or cursor value also a whole number
//	bytes, fixed            a string in base64 (RFC 4648 §4, with padding)
//	enum                    a string that is one of the symbols
//	array, map, record      array, object, object; a key given twice counts as last written,
//	                        maps are written in key order
//	union                   null and one other type: that one or null; a wider union: the first
//	                        branch, in the schema's order, that takes the value
//	date                    "2006-01-02", or days since 1970
//	time-millis, -micros    "15:04:05.999999", rounded down, or the number in the type's unit
//	timestamp-*             RFC 3339 (no zone: UTC) or a date alone, or the number in the type's
//	                        unit; the years 0 to 9999 (nanos: 1677 to 2262). Finer ones are
//	                        rounded down, but for cursor values in millis, which are refused:
//	                        read back they would differ (rule 9). A cursor value is read as
//	                        its format says
//	local-timestamp-*       as timestamp, without a zone
//	decimal (bytes, fixed)  a number or its text, with no more digits than scale and precision
//	uuid (string, fixed 16) 8-4-4-4-12 hexadecimal digits
//
// What Scan changes in a value is in Page.Adjusted: times rounded down, lone surrogates, and ids
// and cursor values of the other JSON type, where the schema decides.
//
// A record key is the id's text. One of several fields is the JSON array of their texts,
// ["a","7"], in which nothing but quotes, backslashes and control characters is escaped; one of
// none is the first half of the SHA-256 of the row's body, in hexadecimal. The rules of an id hold
// for each part, with the schema's type where the part's path leads to one of its fields, and as if
// it were a string elsewhere; only a part of several may be empty.
//
// A missing key takes the field's default, or null where the type allows it. A null
// is never replaced by a default. A key the schema does not know is dropped and
// counted in Page.Unknown.
//
// A row that the API marks as deleted has no body; only its id and, where it has one,
// its cursor value must be readable.
//
// Where Options.Shape says anything, a row is written anew as JSON before it is read: without the fields that are
// dropped, with masks in place of values, under other names and with flat ones. Row.JSON and all that is said of
// the row is of what was written, and no error quotes an answer whose rows have something to hide. Two fields
// that get one name, where anything reads it, make the row a bad one.
//
// The JSON scanner and the encoder are written by hand, because this is the one place
// where tidemark's speed is made: the row's place in the page, the last of two equal
// keys, and going on behind a bad value are all needed in the same pass. goavro
// checks every schema and is the oracle in the tests.
//
// Files: schema*.go and default.go (schema to type tree), plan.go and path.go
// (Options, Compile), page.go (results, errors, buffers), json.go (scanner), scan.go
// (the page), paging.go (what it says of further ones), slice.go (keys of rows from one of several slices), layout.go (where its rows stand and how), nothing.go (one without rows), piece.go (a part of one), record.go (rows and records), deleted.go (rows that the API marks as
// deleted), adjust.go (values that the schema takes with a change), key.go (object keys, record
// keys and cursor values), pick.go (those further down in a row, of several fields, or of none), filter.go (rows that are
// not wanted), shape*.go (rows that are written anew before they are read), cursor.go (the cursor field's types, and its value in a body), encode*.go (the other types), drift.go and strange.go (fields of rows and schema that
// differ), grow.go, merge.go, edit.go and differ.go (a schema that learns from rows, and is held against an earlier one), evidence.go and headers.go (what an answer says of its end), binary.go (reading Avro),
// inspect.go, resolve.go, unlike.go, render.go and decode.go (back from Avro), registry.go, refusal.go (a schema that it does not take), fits.go (a schema
// checked without registering it), types.go and bodies.go (types and bodies for those who write values in another form), canonical.go (by what schemas are known).
package wire
