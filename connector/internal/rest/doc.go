// Package rest asks a REST API for pages over HTTP and lives with what comes back:
// rate limits, outages, half answers, bombs and redirects. It knows nothing of rows:
// the caller's accept function says whether a body is a page.
//
// Files, outermost first:
//
//	client.go       Options, New, Get: one request with its retries
//	conditional.go  answers that are kept, because the API may say that one has not changed
//	retry.go        how long to wait between tries; the rate limit
//	budget.go       how many requests may be sent within a time
//	wait.go         what an answer says of the time before the next request
//	clock.go        the time that an answer tells
//	quota.go        what an answer says of the API's rate limit
//	try.go          one try: send, check the status, read the body, ask accept
//	direct.go       sending a request without what net/http's client does for redirects
//	status.go       the one table from status to action, and StatusError
//	rules.go        what the configuration makes of certain answers, before the table does
//	bodytest.go     looking for a value in an answer
//	message.go      the API's own words out of an error body
//	limits.go       the limits that an error body names
//	body.go         reading a bounded body into a pooled buffer, gzip, zstd and brotli
//	transport.go    the transport, credentials, and the rule about redirects (P11)
//	network.go      ways of their own to APIs: TLS and proxies
//	target.go       the request of a question, and its secrets (P11)
//	rest.go         the rest of an answer that is read in pieces
//	header.go       the headers of all requests
//
// Every error that Get returns has class Source, except what accept returned and the
// end of the caller's context, which come back as they are.
package rest
