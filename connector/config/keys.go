package config

import (
	"slices"
	"strings"

	"tidemark/strategies"
)

// kind says how a key's value is written.
type kind int

const (
	text      kind = iota // a string
	scalar                // a string, a number or a boolean, taken as text
	integer               // a whole number, or a string holding one
	number                // a number, or a string holding one
	boolean               // true or false, nothing else
	duration              // "30s", "1h30m", or a number of seconds
	hours                 // a number of hours, fractions allowed
	size                  // "16MiB", or a number of bytes
	address               // an http or https URL
	hosts                 // a list of host:port, or one string with commas
	words                 // a list of words out of a few, or one string with commas
	formats               // names of cursor formats: one, or a list
	zone                  // a time zone's name or offset
	texts                 // a section of any keys with scalar values
	section               // a section with keys of its own
	primary               // the fields of a key: one, a list, or row_hash
	rates                 // a number, or a list of budgets (budgets.go)
	rules                 // a list of rules about answers (errors.go)
	statuses              // a status, a class of them ("5xx"), or a list
	template              // a scalar with placeholders
	templates             // a section of any keys with scalars that have placeholders, or lists of them
	tree                  // any JSON value with placeholders in its strings
	masks                 // a section of any names with masks (shape.go)
	constants             // a section of any names with scalars that keep their types (shape.go)
	named                 // a section of any names with sections, read by other code (apis.go)
	raw                   // read by other code
)

// field is one key of a configuration. This table is what the reader, the hints, the
// JSON Schema and the list of keys in doc.go are made from, and the one place of the defaults.
type field struct {
	name, alias string
	kind        kind
	into        any       // pointer to the field it fills; nil: read and dropped
	enum        []string  // text, words: the only values
	topic       bool      // text: must be good as a Kafka topic's name
	empty       bool      // text: "" has a meaning
	lines       bool      // text: line breaks are blanks
	min, max    float64   // numbers; durations in seconds, sizes in bytes
	secret      bool      // the value is never shown (P11)
	fields      []field   // section
	kinds       kinds     // section: what its keys are told apart by
	user        bool      // address: may hold a user name and a password
	item        []field   // rates, rules, named: the keys of an entry
	must        bool      // of an entry's key: it cannot be left out
	more        *[]string // formats: those of a list behind the first
	none        *bool     // integer: "none" may stand for a number, and sets this
	def         defaults
	doc         string
}

// The strategies that have a default in common.
var (
	byValue  = strategies.Those(func(r strategies.Recipe) bool { return r.ByValue })
	counting = strategies.Those(func(r strategies.Recipe) bool { return r.Counts })
	unpaged  = strategies.Those(func(r strategies.Recipe) bool { return r.Whole })
	byID     = strategies.Those(func(r strategies.Recipe) bool { return r.ByID })
	notBack  = strategies.Those(func(r strategies.Recipe) bool { return r.Buffered || r.ByID || r.All })
	all      = strategies.Those(func(r strategies.Recipe) bool { return r.All })
	walking  = strategies.Those(func(r strategies.Recipe) bool { return r.Walks })
)

// pagersDoc says of each kind of pager what it means.
func pagersDoc() string {
	var all []string
	for _, name := range strategies.Pagers() {
		all = append(all, name+": "+strategies.PagerDoc(name))
	}
	return strings.Join(all, "; ")
}

const (
	century = 100 * 365 * 24 * 3600.0 // seconds
	maxID   = 4e18                    // two of them still fit 64 bits
)

// topFields are the keys beside the streams.
func topFields(c *Config) []field {
	return []field{
		{name: "$schema", kind: text, empty: true, doc: "where an editor finds the JSON Schema; not read"},
		{name: "kafka", kind: section, fields: kafkaFields(&c.Kafka), doc: "where records and cursors go"},
		{name: "schema_registry", kind: section, fields: registryFields(&c.SchemaRegistry), doc: "a registry with Confluent's API"},
		{name: "http", kind: section, fields: httpFields(&c.HTTP), doc: "who may ask a running worker how it is (--http-addr)"},
		{name: "apis", kind: named, item: apiFields(&Stream{}), doc: "what streams of one API have in common, by a name of its own, which a stream gives as api"},
	}
}

func kafkaFields(k *Kafka) []field {
	return []field{
		{name: "brokers", kind: hosts, into: &k.Brokers, def: computed("the embedded broker"), doc: "host:port, a list or one string with commas"},
		{name: "state_topic", kind: text, topic: true, into: &k.StateTopic, def: always("tidemark-state"), doc: "the topic that holds the cursors"},
		{name: "state_partitions", kind: integer, into: &k.StatePartitions, min: 1, max: 10000, def: always("16"), doc: "of the state topic, when it is created"},
		{name: "partitions", kind: integer, into: &k.Partitions, min: 1, max: 10000, def: always("1"), doc: "of a data topic, when it is created"},
		{name: "replication", kind: integer, into: &k.Replication, min: -1, max: 32767, def: always("-1"), doc: "of a topic that is created; -1: as the broker says"},
		{name: "compression", kind: text, enum: []string{"none", "gzip", "snappy", "lz4", "zstd"}, into: &k.Compression, def: always("lz4"), doc: "of what is produced"},
		{name: "transaction_timeout", kind: duration, into: &k.TransactionTimeout, min: 1, max: 900, def: always("15s"), doc: "after this the broker aborts a transaction by itself"},
		{name: "transactional_id_prefix", kind: text, into: &k.TransactionalIDPrefix, def: always("tidemark"), doc: "workers that share streams share it; others must not"},
		{name: "max_in_flight", kind: size, into: &k.MaxInFlight, min: 1 << 10, max: 1 << 40, def: always("16MiB"), doc: "pages fetched and not yet committed, of all streams together"},
		{name: "tls", kind: section, fields: serverTLSFields(&k.Access.TLS, "the broker"), doc: "the brokers are asked over TLS; an empty section trusts whom the system trusts"},
		{name: "sasl", kind: section, fields: saslFields(&k.Access.SASL), kinds: saslKinds, doc: "how clients prove to the brokers who they are"},
	}
}

func streamFields(s *Stream) []field {
	return []field{
		{name: "name", kind: text, topic: true, into: &s.Name, def: computed("the topic, or " + unnamed), doc: "the stream's name; its cursor is stored under it"},
		{name: "strategy", kind: text, enum: strategies.Names(), into: &s.Strategy, doc: "how pages are asked for"},
		{name: "url", alias: "base_url", kind: address, into: &s.URL, doc: "the API's endpoint"},
		{name: "api", kind: text, into: &s.API, doc: "an entry of apis: what the stream does not give itself is taken from there, headers and query name by name; credentials and rate limit are the same for all its streams"},
		{name: "path", kind: text, doc: "put behind the url, mostly the api's"},
		{name: "topic", kind: text, topic: true, into: &s.Topic, def: computed("the name"), doc: "where its records go"},
		{name: "topic_config", kind: texts, into: &s.TopicConfig, def: computed("cleanup.policy: compact"), doc: "Kafka's settings of the topic where it is created, as retention.ms; of one that is there check says which differ"},
		{name: "topic_prefix", kind: text, topic: true, into: &s.TopicPrefix, def: computed("none"), doc: "put before the topic's name with a dot where topic is not given; the name of the source in Debezium's envelope"},
		{name: "value_format", kind: text, enum: valueFormats, into: &s.ValueFormat, def: always(Avro), doc: "how values are written; avro, json_schema, protobuf: in Confluent's wire format, with a schema in the registry; json: JSON and nothing else"},
		{name: "key_format", kind: text, enum: []string{KeyString, Avro}, into: &s.KeyFormat, def: always(KeyString), doc: "how keys are written; string: as their text; avro: as a record of the key's fields in Confluent's wire format"},
		{name: "envelope", kind: text, enum: []string{Flat, Debezium}, into: &s.Envelope, def: always(Flat), doc: "what values are; flat: the row; debezium: a record of what has happened (op, before, after, source, ts_ms), for which the window remembers all keys of the topic"},
		{name: "record_headers", kind: words, enum: []string{HeaderURL, HeaderSweep, HeaderObserved}, into: &s.RecordHeaders, doc: "headers of each record: the URL of the page that has brought it, without secrets (tidemark.url), when its sweep was begun (tidemark.sweep), when it was read (tidemark.observed_at); tombstones of keys that a scan has not found have no URL"},
		{name: "page_size", kind: integer, into: &s.PageSize, none: &s.Unpaged, min: 1, max: 1e6, def: only("50", counting...),
			doc: "rows a page; keyset: sent where params.limit is given; timestamp, replay: not sent, but how many rows the API's answers hold at most; none says that it has no pages, and gives everything at once"},
		{name: "initial_id", kind: integer, into: &s.InitialID, max: maxID, def: always("1"), doc: "step_size: the first id asked for"},
		{name: "step_size", kind: integer, into: &s.StepSize, min: 1, max: maxID, def: always("1000"), doc: "step_size: ids a request"},
		{name: "max_id", kind: integer, into: &s.MaxID, max: maxID, def: always("100000"), doc: "step_size: the last id asked for"},
		{name: "buffer_hours", kind: hours, into: &s.Buffer, max: century / 3600, def: always("2"), doc: "replay: how far behind the mark a sweep starts"},
		{name: "lookback", kind: duration, into: &s.Lookback, max: century, def: append(computed(lookback.String()+" where the cursor is a time, and longer by what clocks in zone are set back"), only("0", notBack...)...), doc: "how far behind the mark the first request reaches, for rows that are committed later than their stamp; the cursor must be a time"},
		{name: "max_future", kind: duration, into: &s.MaxFuture, max: century, def: always("24h"), doc: "a cursor value further past the API's clock does not move the mark; 0: any does"},
		{name: "window_rows", kind: integer, into: &s.WindowRows, min: 1, max: 1e9, def: always("8388608"), doc: "rows of the topic that are remembered, 32 bytes each; past it rows may be written again"},
		{name: "on_bad_row", kind: text, enum: []string{"dlq", "fail", "skip"}, into: &s.OnBadRow, def: always("dlq"), doc: "what to do with a row that cannot be keyed or encoded; dlq: write it to <topic>.dlq"},
		{name: "max_bad_rows", kind: integer, into: &s.MaxBadRows, max: 1e9, def: always("100"), doc: "a sweep with more bad rows than this, and more than 1%, stops"},
		{name: "max_bad_ratio", kind: number, into: &s.MaxBadRatio, max: 1, def: always("0.5"), doc: "a page of more than three rows of which a greater part cannot be written stops the stream, before anything of it is written; 1: none does"},
		{name: "on_new_field", kind: text, enum: []string{"ignore", "evolve", "dlq", "fail"}, into: &s.OnNewField, def: always("ignore"), doc: "what to do with a row that has a field which the schema does not have; ignore: write it without the field, and say so once; evolve: give the schema a nullable field, register that as a new version and write the row with it, and widen numbers; dlq: write the row to <topic>.dlq"},
		{name: "backfill_new_fields", kind: boolean, into: &s.Backfill, def: always("false"), doc: "whether a full scan writes what differs, once, where the schema has got fields or wider types since the topic was written, by on_new_field or by schema"},
		{name: "on_missing_field", kind: text, enum: []string{"ignore", "dlq", "fail"}, into: &s.OnMissingField, def: always("ignore"), doc: "what to do with a row that lacks a field of the schema; ignore: write its default, or null (a field that can be neither makes a bad row)"},
		{name: "on_topic_loss", kind: text, enum: []string{"reread", "fail"}, into: &s.OnTopicLoss, def: always("reread"), doc: "what to do where the topic was made anew, trimmed or put back to an earlier state; reread: read everything again and write what the topic has not"},
		{name: "deleted", kind: section, fields: deletedFields(&s.Deleted), doc: "how the API marks a deleted row, which becomes a tombstone"},
		{name: "rescan_interval", kind: duration, into: &s.RescanInterval, max: century, def: always(never), doc: "between full re-reads that write what differs, older or not; 0: with each sweep"},
		{name: "reconcile_interval", kind: duration, into: &s.ReconcileInterval, max: century, def: append(always(never), computed("0 where the topic is its alone", all...)...), doc: "between full scans for rows that are gone, which become tombstones; 0: with each sweep"},
		{name: "max_delete_ratio", kind: number, into: &s.MaxDeleteRatio, max: 1, def: always("0.2"), doc: "a scan that would delete a greater part of the keys is refused"},
		{name: "exclusive", kind: boolean, into: &s.Exclusive, def: always("true"), doc: "whether the topic is this stream's alone, which then stops when somebody else writes into it; false: others may, and the stream reads back what they wrote"},
		{name: "for_each", kind: section, fields: forEachFields(&s.ForEach), doc: "the collection is read in slices, one for each of some values, or for each row of another stream"},
		{name: "pages", kind: text, enum: strategies.Pagers(), into: &s.Pages, def: only("none", walking...), doc: "how pages follow each other; " + pagersDoc()},
		{name: "first_page", kind: integer, into: &s.FirstPage, max: maxID, def: always("1"), doc: "pages: page: the number of the first one"},
		{name: "last_row", kind: text, enum: []string{strategies.LastKey, strategies.LastCursor}, into: &s.LastRow, def: always(strategies.LastKey), doc: "pages: last_row: what a request says of the last row of the page before, its id or its cursor value"},
		{name: "step", kind: duration, into: &s.Step, min: 1, max: century, def: always("24h"), doc: "window: the span of time of a request"},
		{name: "lag", kind: duration, into: &s.Lag, max: century, def: always("0"), doc: "window: how far behind now the last span ends"},
		{name: "max_age", kind: duration, into: &s.MaxAge, max: century, def: always("0"), doc: "window: a mark that is older is not asked from, and all is read from initial_mark on; 0: any is"},
		{name: "initial_mark", kind: scalar, empty: true, into: &s.InitialMark, def: computed(strategies.RFC3339.String() + ": " + firstMark), doc: "where the first sweep starts"},
		{name: "filter", kind: text, enum: []string{"inclusive", "strict"}, into: &s.Strict, def: always("inclusive"), doc: "whether the API's filter is >= or >"},
		{name: "poll_interval", kind: duration, into: &s.PollInterval, min: 0.001, max: century, def: always("10s"), doc: "pause between two sweeps"},
		{name: "idle_after", kind: duration, into: &s.IdleAfter, max: century, def: always("1m"), doc: "a stream with nothing to write for so long closes its producer until it has; 0: never"},
		{name: "primary_key", alias: "id_field", kind: primary, into: s, def: always("id"), doc: "the field that becomes the record's key, dotted (account.id) or not; a list of them: the key is the JSON array of their texts; row_hash: rows have none, and are known by what they say"},
		{name: "cursor_field", kind: text, empty: true, into: &s.CursorField, def: append(append(always("updatedAt"), computed("the id field", byID...)...), only("", all...)...), doc: "the field a sweep moves by; snapshot needs none; a dotted one (meta.updated_at) is read where it stands in the row, and kept in the record's header tidemark.cursor"},
		{name: "cursor_format", kind: formats, enum: strategies.FormatNames(), into: &s.CursorFormat, more: &s.MoreFormats, def: append(always("rfc3339"), only("integer", byID...)...), doc: "how the cursor field is read; one with % in it, as %Y-%m-%d %H:%M:%S, is a strftime layout, and of a list the first that fits a value reads it"},
		{name: "zone", kind: zone, into: &s.Zone, def: computed("rfc3339, date: UTC; a layout with a time of day needs one"), doc: "the time zone of cursor values that name none, as Europe/Berlin or +02:00"},
		{name: "records_path", kind: text, empty: true, into: &s.RecordsPath, def: always("data"), doc: "dotted path of the rows in an answer, * for each element of an array (data.*.items); \"\": the answer is the rows"},
		{name: "records", kind: text, enum: []string{RecordsArray, RecordsOne, RecordsByKey}, into: &s.Records, def: always(RecordsArray), doc: "what stands there: an array of rows, an object that is one row, or an object whose members are rows under their keys"},
		{name: "key_field", kind: text, into: &s.KeyField, def: computed("the primary key"), doc: "records by_key: the field that the name of a row becomes where the row has not got it"},
		{name: "where", kind: text, lines: true, into: &s.Where, def: computed("all rows"), doc: "which rows are written, by comparisons of their fields (status != 'draft' and amount > 0): =, !=, <, <=, >, >=, in, is null, and, or, not; the others are counted, and move the mark all the same"},
		{name: "drop", kind: words, into: &s.Drop, doc: "fields that are taken out of each row, by dotted paths as the API writes them, through arrays too: they reach neither topic nor dead letter, log or error"},
		{name: "mask", kind: masks, into: &s.Mask, doc: "fields whose values are masked before anything sees them, by paths as in drop: redact, {hash: hmac-sha256, key: \"${NAME}\"} or {truncate: 4}"},
		{name: "flatten", kind: section, fields: flattenFields(&s.Flatten), doc: "objects are taken apart of which the schema has the fields under flat names (address_city for city in address); an empty section does"},
		{name: "rename", kind: texts, into: &s.Rename, doc: "the schema's names of fields, by paths as in drop; with flatten that of the field at the row's top"},
		{name: "add", kind: constants, into: &s.Add, doc: "fields that each row gets at its top, with a text, a number, true or false; {parent.value} in a text is the value of for_each"},
		{name: "token_path", kind: text, empty: true, into: &s.TokenPath, def: only("scroll_param", byValue...), doc: "dotted path of the next page's token, or of its URL"},
		{name: "token_header", kind: text, into: &s.TokenHeader, doc: "the header that has the next page's token, or its URL, instead of token_path"},
		{name: "total_path", kind: text, empty: true, into: &s.TotalPath, def: only("total", counting...), doc: "dotted path of the number of rows"},
		{name: "more_path", kind: text, empty: true, into: &s.MorePath, doc: "dotted path of what says whether there are more pages: true or false, 1 or 0; null is no"},
		{name: "pages_path", kind: text, empty: true, into: &s.PagesPath, doc: "pages: page, offset: dotted path of the number of pages"},
		{name: "end", kind: words, enum: ends, into: &s.End, def: computed("what is unambiguous"), doc: "what proves that there is no more, beside what does by itself; keyset: token (left out, false, 0), empty_page, repeated_page; keyset, offset: a status for what lies behind the last row; null_data, 204: an answer without rows"},
		{name: "params", kind: section, fields: paramFields(&s.Params), doc: "the API's names of the query parameters; \"\": not sent"},
		{name: "request", kind: section, fields: requestFields(&s.Request), doc: "what requests are made of, beside url, query and headers"},
		{name: "repeat_params", kind: boolean, into: &s.RepeatParams, def: computed("whether params.token is given; true where request has placeholders"), doc: "keyset: whether a request with a token repeats what the token's pages were asked from (params.since)"},
		{name: "order_by", kind: text, into: &s.OrderBy, def: computed("the cursor field", counting...), doc: "what params.order_by is set to; two fields (updatedAt,id), of which the last is unique, order rows of one value, so that more of them than a page holds can be counted"},
		{name: "query", kind: texts, into: &s.Query, secret: true, doc: "fixed parameters of every request"},
		{name: "headers", kind: texts, into: &s.Headers, secret: true, doc: "headers of every request; never sent to another origin"},
		{name: "auth", kind: section, fields: authFields(&s.Auth), kinds: authKinds, doc: "how requests prove who asks; to the url's origin only"},
		{name: "tls", kind: section, fields: tlsFields(&s.TLS, "the API"), doc: "whom to trust, and what to show, where the API is asked over https"},
		{name: "proxy", kind: address, user: true, secret: true, into: &s.Proxy, def: computed("as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say"), doc: "the proxy between this and the API"},
		{name: "request_timeout", kind: duration, into: &s.RequestTimeout, min: 0.001, max: 86400, def: always("30s"), doc: "bounds a request as a whole"},
		{name: "max_retries", kind: integer, into: &s.MaxRetries, max: 1000, def: always("5"), doc: "of one request"},
		{name: "max_wait", kind: duration, into: &s.MaxWait, min: 0.001, max: century, def: always("1h"), doc: "the longest that the API may ask to wait (Retry-After and the like); longer is an error"},
		{name: "max_backoff", kind: duration, into: &s.MaxBackoff, min: 0.001, max: century, def: always("5m"), doc: "the longest wait of a stream that cannot go on before it tries again; the waits grow up to it"},
		{name: "max_lag", kind: duration, into: &s.MaxLag, max: century, def: always("0"), doc: "a lag that is longer makes the worker not ready (/readyz): the time since the last sweep that ended was begun; 0: any will do"},
		{name: "max_body", kind: size, into: &s.MaxBody, min: 1 << 10, max: 1 << 40, def: always("64MiB"), doc: "bytes of one answer; timestamp, replay: of one row, for long answers are taken in pieces"},
		{name: "cache", kind: size, into: &s.Cache, max: 1 << 40, def: always("64KiB"), doc: "bytes of answers kept in memory, so that the API can say of one that it has not changed (ETag, Last-Modified), which then costs no more than that word; 0: none"},
		{name: "rate_limit", kind: rates, into: rate{&s.RateLimit, &s.Budgets}, max: 1e6, item: budgetFields(&Budget{}), def: always("0"), doc: "requests a second, or a list of budgets that hold together; 0: no limit"},
		{name: "errors", kind: rules, into: &s.Errors, item: errorFields(&ErrorRule{}), doc: "what to make of certain answers; of these rules the first that matches counts, before what their status says"},
		{name: "concurrency", kind: integer, into: &s.Concurrency, min: 1, max: 1000, def: always("4"), doc: "requests under way at once where they can be told before an answer: offset, step_size, window, pages by number or offset, slices"},
		{name: "sorted", kind: boolean, into: &s.Sorted, def: always("true"), doc: "whether pages come in cursor order; false makes keyset follow tokens and timestamp, replay ask for proof that an answer is whole"},
		{name: "schema", kind: text, into: &s.SchemaFile, def: computed("the built-in user schema"), doc: "an Avro schema's file, relative to this one"},
		{name: "subject_strategy", kind: text, enum: []string{"topic", "record", "topic_record"}, into: &s.SubjectStrategy, def: always("topic"), doc: "the subject of the values' schema in the registry; topic: <topic>-value; record: the full name of the record, the JSON Schema's title or the Protobuf message; topic_record: <topic>-<that name>"},
		{name: "auto_register", kind: boolean, into: &s.AutoRegister, def: always("true"), doc: "whether schemas are registered; false: the subject's latest version is written with, whatever schema says but for the record's name in the subject's; of values that are not rows in Avro it has to hold what schema says"},
	}
}

func deletedFields(d *Deleted) []field {
	return []field{
		{name: "field", kind: text, empty: true, into: &d.Field, doc: "the row's field that says so"},
		{name: "value", kind: scalar, empty: true, into: &d.Value, def: always("true"), doc: "its value in a deleted row"},
		{name: "present", kind: boolean, into: &d.Present, def: always("false"), doc: "true: any value marks a deleted row but null, false, 0 and empty ones, as a time that is set"},
	}
}

func requestFields(r *Request) []field {
	return []field{
		{name: "method", kind: text, enum: []string{"GET", "POST"}, into: &r.Method, def: computed("POST where there is a body, else GET"), doc: "of every request"},
		{name: "path", kind: template, into: &r.Path, doc: "put behind the url's own path; this and all below may hold {since}, {token} and so on, see connector/internal/request"},
		{name: "query", kind: templates, into: &r.Query, doc: "parameters; one whose placeholder has no value is left out"},
		{name: "headers", kind: templates, into: &r.Headers, secret: true, doc: "headers, in the same way"},
		{name: "json", kind: tree, into: &r.JSON, doc: "a JSON body; members and items in the same way"},
		{name: "form", kind: templates, into: &r.Form, doc: "a form as the body, in the same way"},
		{name: "graphql", kind: section, fields: []field{
			{name: "query", kind: template, into: &r.GraphQL.Query, doc: "a GraphQL query, sent as it stands"},
			{name: "variables", kind: tree, into: &r.GraphQL.Variables, doc: "its variables, a section; those without a value are left out"},
		}, doc: "a GraphQL request as the body"},
		{name: "text", kind: template, into: &r.Text, doc: "any other body"},
		{name: "content_type", kind: text, into: &r.ContentType, def: computed("as the body is"), doc: "of the body"},
	}
}

func paramFields(p *Params) []field {
	name := func(key string, into *string, def defaults, doc string) field {
		return field{name: key, kind: text, empty: true, into: into, def: def, doc: doc}
	}
	both := append(slices.Clone(byValue), counting...)
	return []field{
		name("since", &p.Since, append(only("updated_since", both...), only("since", unpaged...)...), "rows changed at or after a value"),
		name("token", &p.Token, only("scroll_param", byValue...), "the next page's token"),
		name("limit", &p.Limit, only("limit", counting...), "rows a page: page_size"),
		name("offset", &p.Offset, only("offset", counting...), "rows to skip"),
		name("order_by", &p.OrderBy, only("order_by", counting...), "the field to sort by"),
		name("order_type", &p.OrderType, only("order_type", counting...), "the direction; always asc"),
		name("start_id", &p.StartID, only("start_id", byID...), "the first id of a range"),
		name("end_id", &p.EndID, only("end_id", byID...), "the last id of a range"),
		name("until", &p.Until, nil, "rows up to a value"),
		name("page", &p.Page, nil, "the number of a page"),
	}
}
