package config

import _ "embed" // for schema.json

// JSONSchema is the JSON Schema (draft 2020-12) of a configuration file, for editors
// and other tools. It describes the file before ${NAME} is substituted and knows less
// than Load: no rule that holds two keys or two streams against each other.
//
// It is generated from the table in keys.go; "go test ./connector/config -update"
// writes it anew, and without -update the test fails where the two differ.
//
//go:embed schema.json
var JSONSchema []byte
