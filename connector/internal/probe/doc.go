// Package probe finds out what an API is like by asking it: how pages follow each other, in which order rows come, what
// its filter lets through, and more. It says by what each answer was told, and which strategy and settings go with it.
//
// A probe is a row of questions (questions.go). Each has a file with two functions: ask sends its requests, and a judge
// without I/O makes a verdict of the answers. What too few rows show is "unknown". Requests go through the client that a
// run asks by, with its credentials, limits and TLS; pages are followed by the strategies' own pagers (pages.go).
//
// Files: probe.go asks the questions in turn, ask.go sends requests within their number, known.go has what is known so
// far, verdict.go what a report is made of, text.go writes it, recommend.go draws the conclusion. The questions: rows.go,
// field.go, size.go, pages.go, list.go, order.go, param.go, filter.go, ties.go, again.go, total.go, ids.go (gaps, too), nulls.go,
// clock.go, rates.go, conditional.go.
package probe
