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
// What several streams of one API have in common stands once, in apis:
//
//	apis:
//	  crm:
//	    url: https://crm.example/v2
//	    auth: {kind: bearer, token: "${CRM_TOKEN}"}
//	    rate_limit: 5
//	streams:
//	  - {name: users, api: crm, path: /users, strategy: keyset}
//	  - {name: orders, api: crm, path: /orders, strategy: offset, max_retries: 10}
//
// An entry has url, and of a stream's keys query, headers, auth, tls, proxy, request_timeout, max_retries,
// max_wait, rate_limit and errors. A stream that gives one of them itself has its own; of headers and query it
// has the entry's, too, but for those of the same name. A stream's url, where it gives one, has the origin of its api's.
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
// computes those that follow other keys; load.go puts a file together, sound.go with what is right of one that is not,
// check.go, formats.go (cursor formats and their zone) and pagesize.go hold keys and streams against each other; config.go has the values,
// http.go those of the http section, settings.go what of a stream a stored cursor depends on,
// problem.go what is wrong, schema.go the JSON Schema; yaml.go turns what package nodes has read
// into nodes with positions (node.go), expand.go substitutes the environment,
// values.go, words.go and quantity.go judge single values, primary.go those of a row's key, parents.go those of slices, where.go which rows are wanted, shape.go what becomes of their fields, topic.go the settings of its topic, written.go how its records are written, budgets.go and errors.go lists of sections, auth.go has the keys of auth and tls, apis.go what streams have from their apis, access.go and registry.go those that let a client in to brokers and registry, kinds.go sections with a kind; request.go reads and judges the templates of requests; spec.go is what others make of a
// stream, rewrite.go writes a file anew with keys set. testdata has one file per rule that breaks it, with the messages beside it, and examples that run.
//
// # Keys of a stream
//
//	name                     the stream's name; its cursor is stored under it [the topic, or user]
//	strategy                 how pages are asked for: keyset, offset, timestamp, step_size, replay, sweep, feed, window, snapshot
//	url, base_url            the API's endpoint
//	api                      an entry of apis: what the stream does not give itself is taken from there, headers and query name by name; credentials and rate limit are the same for all its streams
//	path                     put behind the url, mostly the api's
//	topic                    where its records go [the name]
//	topic_config             Kafka's settings of the topic where it is created, as retention.ms; of one that is there check says which differ [cleanup.policy: compact]
//	topic_prefix             put before the topic's name with a dot where topic is not given; the name of the source in Debezium's envelope [none]
//	value_format             how values are written; avro, json_schema, protobuf: in Confluent's wire format, with a schema in the registry; json: JSON and nothing else: avro, json, json_schema, protobuf [avro]
//	key_format               how keys are written; string: as their text; avro: as a record of the key's fields in Confluent's wire format: string, avro [string]
//	envelope                 what values are; flat: the row; debezium: a record of what has happened (op, before, after, source, ts_ms), for which the window remembers all keys of the topic: flat, debezium [flat]
//	record_headers           headers of each record: the URL of the page that has brought it, without secrets (tidemark.url), when its sweep was begun (tidemark.sweep), when it was read (tidemark.observed_at); tombstones of keys that a scan has not found have no URL: source_url, sweep, observed_at
//	page_size                rows a page; keyset: sent where params.limit is given; timestamp, replay: not sent, but how many rows the API's answers hold at most; none says that it has no pages, and gives everything at once [offset: 50]
//	initial_id               step_size: the first id asked for [1]
//	step_size                step_size: ids a request [1000]
//	max_id                   step_size: the last id asked for [100000]
//	buffer_hours             replay: how far behind the mark a sweep starts [2]
//	lookback                 how far behind the mark the first request reaches, for rows that are committed later than their stamp; the cursor must be a time [10s where the cursor is a time, and longer by what clocks in zone are set back; step_size, replay, snapshot: 0]
//	max_future               a cursor value further past the API's clock does not move the mark; 0: any does [24h]
//	window_rows              rows of the topic that are remembered, 32 bytes each; past it rows may be written again [8388608]
//	on_bad_row               what to do with a row that cannot be keyed or encoded; dlq: write it to <topic>.dlq: dlq, fail, skip [dlq]
//	max_bad_rows             a sweep with more bad rows than this, and more than 1%, stops [100]
//	max_bad_ratio            a page of more than three rows of which a greater part cannot be written stops the stream, before anything of it is written; 1: none does [0.5]
//	on_new_field             what to do with a row that has a field which the schema does not have; ignore: write it without the field, and say so once; evolve: give the schema a nullable field, register that as a new version and write the row with it, and widen numbers; dlq: write the row to <topic>.dlq: ignore, evolve, dlq, fail [ignore]
//	backfill_new_fields      whether a full scan writes what differs, once, where the schema has got fields or wider types since the topic was written, by on_new_field or by schema [false]
//	on_missing_field         what to do with a row that lacks a field of the schema; ignore: write its default, or null (a field that can be neither makes a bad row): ignore, dlq, fail [ignore]
//	on_topic_loss            what to do where the topic was made anew, trimmed or put back to an earlier state; reread: read everything again and write what the topic has not: reread, fail [reread]
//	deleted.field            the row's field that says so
//	deleted.value            its value in a deleted row [true]
//	deleted.present          true: any value marks a deleted row but null, false, 0 and empty ones, as a time that is set [false]
//	rescan_interval          between full re-reads that write what differs, older or not; 0: with each sweep [never]
//	reconcile_interval       between full scans for rows that are gone, which become tombstones; 0: with each sweep [never; snapshot: 0 where the topic is its alone]
//	max_delete_ratio         a scan that would delete a greater part of the keys is refused [0.2]
//	exclusive                whether the topic is this stream's alone, which then stops when somebody else writes into it; false: others may, and the stream reads back what they wrote [true]
//	for_each.values          a list of values, or one string with commas; a request has the one in turn as {parent.value}
//	for_each.stream          the name of another stream of the file, for each row of which a slice is read; a request has the row's fields as {parent.FIELD}, and those of a row that this one is read for as {parent.parent.FIELD}
//	for_each.when            which slices a sweep reads; parent_changed: only those whose row has changed since (its cursor field, or where it has none anything of it), all of each; for snapshot: always, parent_changed [always]
//	for_each.gone            what to make of 404 or 410 to a request for a row's slice; skip: the row is not there any more, and the slice is left out: skip, fail [skip]
//	for_each.max_parents     rows that the other stream may have; they are held in memory while a sweep reads, with the fields that requests have [100000]
//	for_each.key             whether the value, or the row's key, is a part of the record's key, before the row's own [true]
//	pages                    how pages follow each other; last_row: a page begins behind the last row of the one before, whose key the request carries; link_header: the header Link of each page has the URL of the next one (rel=next); next_url: each page holds the URL of the next one; none: the answer holds all rows; one that says that there is more is an error; offset: the request says how many rows to skip; page: pages have numbers; token: each page holds the token of the next one: last_row, link_header, next_url, none, offset, page, token [sweep, feed, window, snapshot: none]
//	first_page               pages: page: the number of the first one [1]
//	last_row                 pages: last_row: what a request says of the last row of the page before, its id or its cursor value: key, cursor [key]
//	step                     window: the span of time of a request [24h]
//	lag                      window: how far behind now the last span ends [0]
//	max_age                  window: a mark that is older is not asked from, and all is read from initial_mark on; 0: any is [0]
//	initial_mark             where the first sweep starts [rfc3339: 0001-01-01T00:00:00Z]
//	filter                   whether the API's filter is >= or >: inclusive, strict [inclusive]
//	poll_interval            pause between two sweeps [10s]
//	idle_after               a stream with nothing to write for so long closes its producer until it has; 0: never [1m]
//	primary_key, id_field    the field that becomes the record's key, dotted (account.id) or not; a list of them: the key is the JSON array of their texts; row_hash: rows have none, and are known by what they say [id]
//	cursor_field             the field a sweep moves by; snapshot needs none; a dotted one (meta.updated_at) is read where it stands in the row, and kept in the record's header tidemark.cursor [updatedAt; step_size: the id field; snapshot: ]
//	cursor_format            how the cursor field is read; one with % in it, as %Y-%m-%d %H:%M:%S, is a strftime layout, and of a list the first that fits a value reads it: rfc3339, date, integer, epoch_seconds, epoch_millis, epoch_micros, epoch_float, opaque [rfc3339; step_size: integer]
//	zone                     the time zone of cursor values that name none, as Europe/Berlin or +02:00 [rfc3339, date: UTC; a layout with a time of day needs one]
//	records_path             dotted path of the rows in an answer, * for each element of an array (data.*.items); "": the answer is the rows [data]
//	records                  what stands there: an array of rows, an object that is one row, or an object whose members are rows under their keys: array, one, by_key [array]
//	key_field                records by_key: the field that the name of a row becomes where the row has not got it [the primary key]
//	where                    which rows are written, by comparisons of their fields (status != 'draft' and amount > 0): =, !=, <, <=, >, >=, in, is null, and, or, not; the others are counted, and move the mark all the same [all rows]
//	drop                     fields that are taken out of each row, by dotted paths as the API writes them, through arrays too: they reach neither topic nor dead letter, log or error
//	mask                     fields whose values are masked before anything sees them, by paths as in drop: redact, {hash: hmac-sha256, key: "${NAME}"} or {truncate: 4}
//	flatten.separator        stands between an object's name and that of its field [_]
//	flatten.depth            how many levels of objects in one another are taken apart [all]
//	rename                   the schema's names of fields, by paths as in drop; with flatten that of the field at the row's top
//	add                      fields that each row gets at its top, with a text, a number, true or false; {parent.value} in a text is the value of for_each
//	token_path               dotted path of the next page's token, or of its URL [keyset: scroll_param]
//	token_header             the header that has the next page's token, or its URL, instead of token_path
//	total_path               dotted path of the number of rows [offset: total]
//	more_path                dotted path of what says whether there are more pages: true or false, 1 or 0; null is no
//	pages_path               pages: page, offset: dotted path of the number of pages
//	end                      what proves that there is no more, beside what does by itself; keyset: token (left out, false, 0), empty_page, repeated_page; keyset, offset: a status for what lies behind the last row; null_data, 204: an answer without rows: token, empty_page, repeated_page, short_page, null_data, 204, 400, 404, 416, 422 [what is unambiguous]
//	params.since             rows changed at or after a value [keyset, offset: updated_since; timestamp, replay: since]
//	params.token             the next page's token [keyset: scroll_param]
//	params.limit             rows a page: page_size [offset: limit]
//	params.offset            rows to skip [offset: offset]
//	params.order_by          the field to sort by [offset: order_by]
//	params.order_type        the direction; always asc [offset: order_type]
//	params.start_id          the first id of a range [step_size: start_id]
//	params.end_id            the last id of a range [step_size: end_id]
//	params.until             rows up to a value
//	params.page              the number of a page
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
//	auth.kind                how requests prove who asks: basic, bearer, api_key, oauth2, session
//	auth.username            basic, session: the user
//	auth.password            basic, session: the user's password; write "${NAME}", not the password; "": none, as where a key is the user
//	auth.password_file       a file that holds the password, read again when it is renewed; relative to this one
//	auth.token               bearer: the token; write "${NAME}", not the token
//	auth.token_file          a file that holds the token, read again when it is renewed; relative to this one
//	auth.key                 api_key: the key; write "${NAME}", not the key
//	auth.key_file            a file that holds the key, read again when it is renewed; relative to this one
//	auth.grant               oauth2: what a token is asked for with: client_credentials, refresh_token [refresh_token where there is one, otherwise client_credentials]
//	auth.token_url           oauth2: where tokens are asked for
//	auth.client_id           oauth2: the client's name
//	auth.client_secret       oauth2: the client's secret; write "${NAME}", not the secret
//	auth.client_secret_file  a file that holds the client's secret, read again when it is renewed; relative to this one
//	auth.client_auth         oauth2: where a token request carries the client's name and secret: header, body [what the server takes]
//	auth.refresh_token       oauth2: the refresh token; one that the API replaces counts only until that
//	auth.refresh_token_file  a file that holds the refresh token, read again when it is renewed; relative to this one
//	auth.scopes              oauth2: what the token is to be good for, separated by spaces
//	auth.token_params        oauth2: more parameters of the token request, as audience or grant_type
//	auth.store_key           oauth2: 32 bytes in base64 or hex, from ${NAME}: the key with which a refresh token that the API replaced is encrypted before it is kept
//	auth.store_key_file      oauth2: a file that holds that key; relative to this one
//	auth.login_url           session: where one logs in
//	auth.login_method        session: the login's method; GET sends no body: POST, GET, PUT [POST]
//	auth.login_body          session: the login's body, with {username} and {password}; without these two and where it is empty, they are sent as basic authentication [username and password, by these names]
//	auth.login_type          session: how the body is written: json, form [json]
//	auth.login_headers       session: headers of the login
//	auth.token_from          session: where the login's answer has the token: body, header, cookie [body]
//	auth.token_name          session: dotted path in the body, or the name of the header or cookie [body: token]
//	auth.expires_path        session: dotted path of the token's life in seconds, or of its end as a time; without it the token's own (JWT, cookie) counts, or the first 401 [expires_in]
//	auth.lifetime            oauth2, session: how long a token is good [what the answer says]
//	auth.in                  api_key, oauth2, session: where requests carry it: header, query, cookie [header; session, token_from cookie: cookie]
//	auth.name                api_key, oauth2, session: name of that header, parameter or cookie [oauth2, session: Authorization, or the cookie's]
//	auth.scheme              api_key, oauth2, session: a word before the value [oauth2, session: Bearer before it in Authorization]
//	tls.ca_file              certificates that are trusted beside the system's, in PEM; relative to this file
//	tls.cert_file            the certificate that the API is shown, in PEM; relative to this file
//	tls.key_file             its private key, in PEM; relative to this file
//	proxy                    the proxy between this and the API [as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say]
//	request_timeout          bounds a request as a whole [30s]
//	max_retries              of one request [5]
//	max_wait                 the longest that the API may ask to wait (Retry-After and the like); longer is an error [1h]
//	max_backoff              the longest wait of a stream that cannot go on before it tries again; the waits grow up to it [5m]
//	max_lag                  a lag that is longer makes the worker not ready (/readyz): the time since the last sweep that ended was begun; 0: any will do [0]
//	max_body                 bytes of one answer; timestamp, replay: of one row, for long answers are taken in pieces [64MiB]
//	cache                    bytes of answers kept in memory, so that the API can say of one that it has not changed (ETag, Last-Modified), which then costs no more than that word; 0: none [64KiB]
//	rate_limit               requests a second, or a list of budgets that hold together; 0: no limit [0]
//	rate_limit[].requests    how many, retries included
//	rate_limit[].per         within which span, wherever it begins
//	rate_limit[].path        of which requests, by the path of their URL; * stands for any characters [all]
//	errors                   what to make of certain answers; of these rules the first that matches counts, before what their status says
//	errors[].status          a status, a class (5xx), or a list of them [any; with contains alone, any that is not a page's]
//	errors[].body.path       dotted path of the value; in a list a place from 0, or * for each
//	errors[].body.equals     what it is; without equals and matches: anything but null, false, 0 and empty
//	errors[].body.matches    a regular expression that it matches
//	errors[].contains        text in the answer's body
//	errors[].action          what to do; retry: ask again; skip: a page without rows; end: keyset, offset: what lies behind the last row; fail: an error, at once: retry, skip, end, fail
//	errors[].wait            retry: before asking again, unless the answer says how long [as after other errors]
//	errors[].message         what to say with the error
//	concurrency              requests under way at once where they can be told before an answer: offset, step_size, window, pages by number or offset, slices [4]
//	sorted                   whether pages come in cursor order; false makes keyset follow tokens and timestamp, replay ask for proof that an answer is whole [true]
//	schema                   an Avro schema's file, relative to this one [the built-in user schema]
//	subject_strategy         the subject of the values' schema in the registry; topic: <topic>-value; record: the full name of the record, the JSON Schema's title or the Protobuf message; topic_record: <topic>-<that name>: topic, record, topic_record [topic]
//	auto_register            whether schemas are registered; false: the subject's latest version is written with, whatever schema says but for the record's name in the subject's; of values that are not rows in Avro it has to hold what schema says [true]
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
//	tls.ca_file              certificates that are trusted beside the system's, in PEM; relative to this file
//	tls.cert_file            the certificate that the broker is shown, in PEM; relative to this file
//	tls.key_file             its private key, in PEM; relative to this file
//	tls.server_name          the name that the broker's certificate must have [the host that is asked]
//	tls.insecure_skip_verify true: any certificate will do, and who stands between can read and change all; for tests [false]
//	sasl.mechanism           how clients prove who they are; plain sends the password, and oauthbearer a token, so that they need tls: plain, scram-sha-256, scram-sha-512, oauthbearer
//	sasl.username            the user, or the key of an API key
//	sasl.username_file       a file that holds it, read again for each connection; relative to this one
//	sasl.password            the user's password; write "${NAME}", not the password
//	sasl.password_file       a file that holds the password, read again for each connection; relative to this one
//	sasl.token               oauthbearer: the token; write "${NAME}", not the token
//	sasl.token_file          a file that holds the token, read again for each connection; relative to this one
//	sasl.token_url           oauthbearer: where tokens are asked for
//	sasl.client_id           oauthbearer: the client's name
//	sasl.client_secret       oauthbearer: the client's secret; write "${NAME}", not the secret
//	sasl.client_secret_file  a file that holds the client's secret, read again for each connection; relative to this one
//	sasl.client_auth         oauthbearer: where a token request carries the client's name and secret: header, body [what the server takes]
//	sasl.scopes              oauthbearer: what the token is to be good for, separated by spaces
//	sasl.token_params        oauthbearer: more parameters of the token request, as audience or grant_type
//	sasl.lifetime            oauthbearer: how long a token is good [what the answer says]
//	sasl.extensions          oauthbearer: what is sent with the token, as logicalCluster and identityPoolId
//
// # Keys of schema_registry
//
//	url                      its http or https URL [the embedded registry]
//	username                 for basic authentication, the user
//	password                 for basic authentication, the user's password; write "${NAME}", not the password; "": none, as where a key is the user
//	password_file            a file that holds the password, read again when it is renewed; relative to this one
//	auth.kind                how requests prove who asks: basic, bearer, oauth2
//	auth.username            basic: the user
//	auth.password            basic: the user's password; write "${NAME}", not the password; "": none, as where a key is the user
//	auth.password_file       a file that holds the password, read again when it is renewed; relative to this one
//	auth.token               bearer: the token; write "${NAME}", not the token
//	auth.token_file          a file that holds the token, read again when it is renewed; relative to this one
//	auth.token_url           oauth2: where tokens are asked for
//	auth.client_id           oauth2: the client's name
//	auth.client_secret       oauth2: the client's secret; write "${NAME}", not the secret
//	auth.client_secret_file  a file that holds the client's secret, read again when it is renewed; relative to this one
//	auth.client_auth         oauth2: where a token request carries the client's name and secret: header, body [what the server takes]
//	auth.scopes              oauth2: what the token is to be good for, separated by spaces
//	auth.token_params        oauth2: more parameters of the token request, as audience or grant_type
//	auth.lifetime            oauth2: how long a token is good [what the answer says]
//	tls.ca_file              certificates that are trusted beside the system's, in PEM; relative to this file
//	tls.cert_file            the certificate that the registry is shown, in PEM; relative to this file
//	tls.key_file             its private key, in PEM; relative to this file
//	tls.server_name          the name that the registry's certificate must have [the host that is asked]
//	tls.insecure_skip_verify true: any certificate will do, and who stands between can read and change all; for tests [false]
//
// # Keys of http
//
//	token                    whoever asks must show it (Authorization: Bearer); write "${NAME}", not the token
//	token_file               a file that holds the token, read again for each request; relative to this one
//	cert_file                the certificate to show, which makes it https, in PEM; relative to this file
//	key_file                 its private key, in PEM; relative to this file
//	client_ca_file           whoever asks must show a certificate that one of these has signed, in PEM; relative to this file
//	ready_after              a stream that cannot go on for longer makes the worker not ready [5m]
package config
