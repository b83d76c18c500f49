package main

import (
	"regexp"
	"strings"
)

// self is how this program was called, for lines that are to be copied into a shell: args0
// is the first of os.Args. The program that go run has made is of no use afterwards, where
// it lies in a folder that is removed.
func self(args0 string) string {
	switch {
	case strings.Contains(args0, "/go-build"):
		return "go run ./cmd/tidemark"
	case strings.Contains(args0, "/"):
		return quoted(args0)
	}
	return "tidemark"
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoted is a word as a shell has to be given it.
func quoted(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
