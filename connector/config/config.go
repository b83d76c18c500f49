package config

import (
	"time"

	"tidemark/connector/internal/reshape"
	"tidemark/connector/internal/secret"
)

// Config is a whole configuration: one worker's streams and the servers they use.
// Every duration, size and count has its default filled in; doc.go lists them.
type Config struct {
	Kafka          Kafka
	SchemaRegistry Registry
	HTTP           HTTP
	Streams        []Stream
}

// Kafka says where records and cursors go.
type Kafka struct {
	Brokers               []string      // host:port; empty: the embedded broker
	StateTopic            string        // holds the cursors
	StatePartitions       int           // of the state topic when it is created
	Partitions            int           // of a data topic that is created
	Replication           int           // of a topic that is created; -1: the broker's
	Compression           string        // lz4, zstd, snappy, gzip, none
	TransactionTimeout    time.Duration // behind which the broker aborts a transaction
	TransactionalIDPrefix string        // of all workers that share streams
	MaxInFlight           int64         // bytes of fetched pages not yet committed
	Access                Access        // to the brokers
}

// Stream is one API collection, read with one strategy, written to one topic.
type Stream struct {
	Name     string // its cursor is stored under it
	URL      string // base_url in the flat form, with path behind it
	API      string // the entry of apis that what was not given came from; "": none
	Strategy string
	Topic    string // where its records go

	TopicConfig map[string]string // Kafka's settings of the topic, when it is created

	TopicPrefix   string   // what the topics of several streams have in common; "": nothing
	ValueFormat   string   // Avro, JSON, JSONSchema, Protobuf
	KeyFormat     string   // KeyString, Avro
	Envelope      string   // Flat, Debezium
	RecordHeaders []string // HeaderURL, HeaderSweep, HeaderObserved

	PageSize     int           // rows a page; 0: not set
	Unpaged      bool          // page_size: none
	InitialID    int64         // step_size: the first id asked for
	StepSize     int64         // step_size: ids a request
	MaxID        int64         // step_size: the last id asked for
	Buffer       time.Duration // replay: buffer_hours
	Lookback     time.Duration // how far behind the mark a sweep begins
	InitialMark  string        // where the first sweep begins; "": before every row
	ForEach      ForEach       // the slices that the collection is read in
	Pages        string        // how pages follow each other, one of strategies.Pagers; "": as the strategy has it
	FirstPage    int64         // pages by number: that of the first one
	LastRow      string        // pages behind a row: what the request says of it, key or cursor
	Step         time.Duration // window: the span of time of a request
	Lag          time.Duration // window: how far behind now the last span ends
	MaxAge       time.Duration // window: a mark that is older is not asked from; 0: any is
	Strict       bool          // filter: strict (>) instead of inclusive (>=)
	PollInterval time.Duration // between two sweeps
	IdleAfter    time.Duration // with nothing to write for so long the stream's producer is closed; 0: never

	IDField      string   // the record's key; of several fields, all of them with commas; "": the row's hash
	PrimaryKey   []string // its fields, where they are several, or one that is dotted
	RowHash      bool     // primary_key: row_hash
	CursorField  string   // what a sweep moves by
	CursorFormat string   // a name of strategies.FormatNames, or a layout
	MoreFormats  []string // those that are tried behind it
	Zone         string   // of cursor values that name none
	RecordsPath  string   // dotted path of the rows; "": the answer is the rows
	Records      string   // what stands there: RecordsArray, RecordsOne, RecordsByKey
	Where        string   // which rows are wanted; "": all
	KeyField     string   // RecordsByKey: the field that a row's name becomes
	Drop         []string // dotted paths of fields that rows lose
	Mask         map[string]Mask
	Flatten      reshape.Flatten
	Rename       map[string]string // names of fields, by dotted paths
	Add          []reshape.Constant
	TokenPath    string   // dotted path of the next page's token; "": there is none
	TokenHeader  string   // the header that has it instead; "": none has
	TotalPath    string   // dotted path of the number of rows; "": there is none
	MorePath     string   // dotted path of what says whether there are more pages; "": there is none
	PagesPath    string   // dotted path of the number of pages; "": there is none
	End          []string // what proves an end beside what does by itself: EndToken and so on, or statuses
	Params       Params
	Request      Request
	RepeatParams bool              // keyset: pages by token repeat what they were asked from
	OrderBy      string            // offset: what params.order_by is set to
	Query        map[string]string // fixed parameters sent with every request
	Headers      map[string]Secret // sent with every request, never across origins
	Auth         Auth              // how requests prove who asks
	TLS          TLS               // whom to trust
	Proxy        Secret            // URL of the proxy; "": as the environment says

	OnBadRow    string        // dlq, fail, skip: a row that cannot be keyed or encoded
	MaxBadRows  int           // a sweep with more of them, and more than 1%, stops
	MaxBadRatio float64       // a page of more than three rows with a greater part of them bad stops the stream; 1: none does
	MaxFuture   time.Duration // a cursor value further past the API's clock does not move the mark; 0: any does
	WindowRows  int           // rows of the topic that are remembered, 32 bytes each

	SubjectStrategy string // topic, record, topic_record: the name of the schema's subject
	AutoRegister    bool   // the schema is registered; false: the subject's latest one is written with

	OnNewField     string // ignore, evolve, dlq, fail: a field that the schema does not have
	Backfill       bool   // everything is read again once where the schema has got something
	OnMissingField string // ignore, dlq, fail: a row without a field of the schema

	OnTopicLoss string // reread, fail: the topic no longer holds what was written to it

	Deleted           Deleted       // how the API marks a deleted row
	RescanInterval    time.Duration // between full re-reads that write what differs; Never, or 0: each sweep
	ReconcileInterval time.Duration // between full scans for deleted rows; Never, or 0: each sweep
	MaxDeleteRatio    float64       // a scan that would delete a greater part of the keys is refused

	RequestTimeout time.Duration // of a request as a whole
	MaxRetries     int           // of one request
	MaxWait        time.Duration // the longest that the API may ask to wait
	MaxBackoff     time.Duration // the longest wait before a stream that cannot go on tries again
	MaxLag         time.Duration // a lag that is longer makes the worker not ready; 0: any will do
	MaxBody        int64         // bytes of one answer
	Cache          int64         // bytes of answers that are kept for 304; 0: none
	RateLimit      float64       // requests a second; 0: none
	Budgets        []Budget      // rate_limit as a list
	Errors         []ErrorRule   // what to make of certain answers, before what their status says
	Concurrency    int           // offset, step_size: requests under way at once
	Sorted         bool          // pages come in cursor order (rule 12); false: keyset follows tokens

	Exclusive bool // nobody else writes into the topic, and one who does stops the stream

	SchemaFile string // path of an Avro schema as the file writes it; "": the built-in one
	SchemaPath string // where it was read, for messages; never with the environment's values in it (P11)
	Schema     string // its text

	Pos Position // where the stream stands in the file

	placed []string // the roles that stand in Request's placeholders, by their keys in params
	shared []string // the keys that API gives, see Shares
}

// Params are the names of the API's query parameters, by default those of the
// strategy's endpoint in the playground. An empty name is not sent.
type Params struct {
	Since, Token, Limit, Offset, OrderBy, OrderType, StartID, EndID, Until, Page string
}

// Deleted says how the API marks a row as deleted: the field has the value or, with
// Present, any value that is not null, false, 0 or empty. An empty field name means that it
// does not.
type Deleted struct {
	Field, Value string
	Present      bool
}

// The words of Stream.End that are no statuses.
const (
	EndToken        = "token"         // a page without a token, or with a blank one
	EndEmptyPage    = "empty_page"    // a page without rows, whatever its token
	EndRepeatedPage = "repeated_page" // the page before once more
	EndShortPage    = "short_page"    // a page with fewer rows than were asked for
	EndNullData     = "null_data"     // null in the place of the rows is none
	EndNoContent    = "204"           // an answer without a body is one without rows
)

// ends are all words of Stream.End.
var ends = []string{EndToken, EndEmptyPage, EndRepeatedPage, EndShortPage, EndNullData, EndNoContent, "400", "404", "416", "422"}

// Never is the interval of what is not done.
const Never time.Duration = -1

// Position is a place in a configuration file, lines and columns counted from 1.
type Position struct {
	File         string
	Line, Column int
}

// Secret is text that must not be shown (P11): every way of printing it gives "***".
type Secret string

// String hides the text.
func (s Secret) String() string { return secret.Hidden }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return `"` + secret.Hidden + `"` }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secret.Hidden), nil }

// Reveal returns the text, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }
