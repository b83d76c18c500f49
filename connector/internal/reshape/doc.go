// Package reshape says what a configuration makes of a row's fields before anything else reads the row:
// fields that are dropped, masked, given another name or taken out of the object they stand in, and
// constants that are added. Package wire does it to rows; config says what is wrong with it.
//
// Drop, Rename and Mask name fields as the API writes them, by dotted paths that lead through arrays as if
// each element stood there. All other settings of a stream name fields as they are afterwards, which Lands
// tells.
//
// Files: reshape.go (Spec, Lands), problems.go (what is wrong with a Spec), constant.go (the values of fields
// that are added).
package reshape
