// Package config reads a worker's configuration: strict, all problems at once, each
// with its place in the file and what to do about it.
//
// A file is JSON with comments (// and /* */, trailing commas allowed) or YAML; the
// extension decides, or the first character where there is none. It has one of two
// forms, and both take the same keys. The flat one is a single stream:
//
//	{
//	  "strategy": "keyset", // or "offset", "timestamp", "step_size", "replay"
//	  "base_url": "http://127.0.0.1:5001/pagination/keyset"
//	}
//
// The other has a list:
//
//	kafka:
//	  brokers: [127.0.0.1:9092]
//	schema_registry:
//	  url: http://127.0.0.1:8081
//	streams:
//	  - name: user
//	    strategy: keyset
//	    url: http://127.0.0.1:5001/pagination/keyset
//	    headers:
//	      Authorization: Bearer ${API_TOKEN}
//
// Only strategy and url must be given. Keys that belong to another strategy are read,
// checked and left alone, so that changing the strategy needs no other change. One is refused
// in the list: a page_size that keyset could not send, for want of params.limit.
//
// ${NAME} in a string stands for an environment variable, which must be set;
// ${NAME:-default} has a default for an unset or empty one, and $${ is a plain ${.
// Numbers may be written as strings. A duration is "30s", "1h30m", "2d" or a number of
// seconds; a size is "16MiB", "64MB" or a number of bytes. In YAML, anchors and merge
// keys (<<) work.
//
// Where a request is more than parameters by name, the section request says what it is made of:
//
//	request:
//	  path: /search
//	  query:
//	    filter: updated_on>={since:date}
//	    page[after]: "{token}"
//
// Once it has a placeholder it is the whole question, and of params only those are sent that the file gives.
// Package connector/internal/request says which placeholders there are. What the environment puts into such
// a text begins none.
//
// What came from the environment, passwords, header and query values and URLs are in no
// error message (P11).
//
// Files: keys.go has the table of all keys and their defaults, from which come the
// reader (decode.go), the hints, schema.json and the lists below; defaults.go reads the defaults and
// computes those that follow other keys; load.go puts a file together,
// check.go and pagesize.go hold keys and streams against each other; config.go has the values,
// problem.go what is wrong, schema.go the JSON Schema; jsonc.go and yaml.go turn text
// into nodes with positions (node.go), expand.go substitutes the environment,
// values.go, words.go and quantity.go judge single values; request.go reads and judges the
// templates of requests; spec.go is what others make of a
// stream. testdata has one file per rule that breaks it, with the messages beside it.
//
// # Keys of a stream
//
//	name                     the stream's name; its cursor is stored under it [the topic, or user]
//	strategy                 how pages are asked for: keyset, offset, timestamp, step_size, replay
//	url, base_url            the API's endpoint
//	topic                    where its records go [the name]
//	page_size                rows a page; keyset: sent where params.limit is given; timestamp, replay: not sent, but how many rows the API's answers hold at most; none says that it has no pages, and gives everything at once [offset: 50]
//	initial_id               step_size: the first id asked for [1]
//	step_size                step_size: ids a request [1000]
//	max_id                   step_size: the last id asked for [100000]
//	buffer_hours             replay: how far behind the mark a sweep starts [2]
//	lookback                 how far behind the mark the first request reaches, for rows that are committed later than their stamp; the cursor must be a time [10s where the cursor is a time; replay, step_size: 0]
//	max_future               a cursor value further past the API's clock does not move the mark; 0: any does [24h]
//	window_rows              rows of the topic that are remembered, 32 bytes each; past it rows may be written again [8388608]
//	on_bad_row               what to do with a row that cannot be keyed or encoded; dlq: write it to <topic>.dlq: dlq, fail, skip [dlq]
//	max_bad_rows             a sweep with more bad rows than this, and more than 1%, stops [100]
//	max_bad_ratio            a page of more than three rows of which a greater part cannot be written stops the stream, before anything of it is written; 1: none does [0.5]
//	on_topic_loss            what to do where the topic was made anew, trimmed or put back to an earlier state; reread: read everything again and write what the topic has not: reread, fail [reread]
//	deleted.field            the row's field that says so
//	deleted.value            its value in a deleted row [true]
//	deleted.present          true: any value marks a deleted row but null, false, 0 and empty ones, as a time that is set [false]
//	rescan_interval          between full re-reads that write what differs, older or not; 0: with each sweep [never]
//	reconcile_interval       between full scans for rows that are gone, which become tombstones; 0: with each sweep [never]
//	max_delete_ratio         a scan that would delete a greater part of the keys is refused [0.2]
//	exclusive                whether the topic is this stream's alone, which then stops when somebody else writes into it; false: others may, and the stream reads back what they wrote [true]
//	initial_mark             where the first sweep starts [rfc3339: 0001-01-01T00:00:00Z]
//	filter                   whether the API's filter is >= or >: inclusive, strict [inclusive]
//	poll_interval            pause between two sweeps [10s]
//	idle_after               a stream with nothing to write for so long closes its producer until it has; 0: never [1m]
//	id_field                 the field that becomes the record's key [id]
//	cursor_field             the field a sweep moves by [updatedAt; step_size: the id field]
//	cursor_format            how the cursor field is read: rfc3339, integer, epoch_seconds, epoch_millis, opaque [rfc3339; step_size: integer]
//	records_path             dotted path of the rows in an answer; "": the answer is the array [data]
//	token_path               dotted path of the next page's token [keyset: scroll_param]
//	total_path               dotted path of the number of rows [offset: total]
//	end                      what proves that there is no more, beside what does by itself; keyset: token (left out, false, 0), empty_page, repeated_page; keyset, offset: a status for what lies behind the last row; null_data, 204: an answer without rows: token, empty_page, repeated_page, null_data, 204, 400, 404, 416, 422 [what is unambiguous]
//	params.since             rows changed at or after a value [keyset, offset: updated_since; timestamp, replay: since]
//	params.token             the next page's token [keyset: scroll_param]
//	params.limit             rows a page; keyset, offset: page_size [offset: limit]
//	params.offset            rows to skip [offset: offset]
//	params.order_by          the field to sort by [offset: order_by]
//	params.order_type        the direction; always asc [offset: order_type]
//	params.start_id          the first id of a range [step_size: start_id]
//	params.end_id            the last id of a range [step_size: end_id]
//	request.method           of every request: GET, POST [POST where there is a body, else GET]
//	request.path             put behind the url's own path; this and all below may hold {since}, {token} and so on, see connector/internal/request
//	request.query            parameters; one whose placeholder has no value is left out
//	request.headers          headers, in the same way
//	request.json             a JSON body; members and items in the same way
//	request.form             a form as the body, in the same way
//	request.graphql.query    a GraphQL query, sent as it stands
//	request.graphql.variables its variables, a section; those without a value are left out
//	request.text             any other body
//	request.content_type     of the body [as the body is]
//	repeat_params            keyset: whether a request with a token repeats what the token's pages were asked from (params.since) [whether params.token is given; true where request has placeholders]
//	order_by                 what params.order_by is set to; two fields (updatedAt,id), of which the last is unique, order rows of one value, so that more of them than a page holds can be counted [offset: the cursor field]
//	query                    fixed parameters of every request
//	headers                  headers of every request; never sent to another origin
//	request_timeout          bounds a request as a whole [30s]
//	max_retries              of one request [5]
//	max_wait                 the longest that the API may ask to wait (Retry-After and the like); longer is an error [1h]
//	max_backoff              the longest wait of a stream that cannot go on before it tries again; the waits grow up to it [5m]
//	max_body                 bytes of one answer; timestamp, replay: of one row, for long answers are taken in pieces [64MiB]
//	rate_limit               requests a second; 0: no limit [0]
//	concurrency              offset, step_size: requests under way at once [4]
//	sorted                   whether pages come in cursor order; false makes keyset follow tokens and timestamp, replay ask for proof that an answer is whole [true]
//	schema                   an Avro schema's file, relative to this one [the built-in user schema]
//
// # Keys of kafka
//
//	brokers                  host:port, a list or one string with commas [the embedded broker]
//	state_topic              the topic that holds the cursors [tidemark-state]
//	state_partitions         of the state topic, when it is created [16]
//	partitions               of a data topic, when it is created [1]
//	replication              of a topic that is created; -1: as the broker says [-1]
//	compression              of what is produced: none, gzip, snappy, lz4, zstd [lz4]
//	transaction_timeout      after this the broker aborts a transaction by itself [15s]
//	transactional_id_prefix  workers that share streams share it; others must not [tidemark]
//	max_in_flight            pages fetched and not yet committed, of all streams together [16MiB]
//
// # Keys of schema_registry
//
//	url                      its http or https URL [the embedded registry]
//	username                 for basic authentication
//	password                 for basic authentication; write "${NAME}", not the password
package config
