// Package playground is a mock REST API with paged, filtered users: something for
// tidemark to read in demos, tests and benchmarks.
//
// It answers as the PyPI program fivetran-api-playground 1.1.9 does on the four
// endpoints that the five strategies use, byte for byte in what that program fixes
// (envelopes, field order, escaping, error bodies, limits, rate limit headers):
//
//	/pagination/keyset      updated_since or scroll_param
//	/pagination/offset      order_by, order_type, limit, offset, updated_since
//	/incremental/timestamp  since
//	/incremental/step       start_id, end_id
//
// and on those that want to know who asks (Credentials), each with the first 20 users:
//
//	/auth/http_basic, /auth/http_bearer, /auth/api_key   Authorization: Basic, Bearer, apiKey
//	/auth/session_token/data                             Authorization: Token, from POST /auth/session_token/login
//
// contract_test.go runs one suite against both. Known differences, all on purpose:
//
//   - Connections are kept alive, reason phrases are Go's ("Bad Request"), there is
//     no debugger at /console and no other endpoint.
//   - The users' order is not shared mutable state. There, an unfiltered request
//     sorts the server's own list, so that step ids mean other people afterwards;
//     here a user's step id is given at creation and never changes. Users that tie
//     on the sort field stand in the order of their creation, descending too.
//   - Several unexpected parameters are named in the order they were sent (there the
//     order changes from start to start); digits of integers are ASCII only; a path
//     with doubled slashes is not found.
//   - A login whose body is no JSON object is a 400 that does not say where it fails to
//     be one. The credentials are the same at each start.
//   - Timestamps are UTC (there: local time labelled Z).
//   - Page sizes are options.
//
// Beyond the contract: seeded people, any number of them, live inserts, updates and
// deletes, ties, late rows, holes in the step ids, soft deletes, a delay, and users
// that are kept on disk. Faults are left to Options.Middleware.
//
// Files: playground.go (options, life cycle), people.go and words.go (who the users
// are), index.go (rows and their orders), changes.go (mutations, live changes),
// store.go (the directory), http.go (routes, limits), endpoints.go (the four
// answers), auth.go (those to who proves who asks), params.go (query parsing as Flask
// does it), json.go (JSON as Flask writes it), serve.go (listener and server).
package playground
