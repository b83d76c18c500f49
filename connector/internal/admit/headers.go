package admit

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// The headers that records have where the stream is configured to (record_headers). None of them is compared: a row
// that is read again unchanged is not written for another time of reading.
const (
	HeaderSweep    = "tidemark.sweep"       // when the sweep or the scan was begun that read the row
	HeaderObserved = "tidemark.observed_at" // when the row was taken from its page
)

const (
	mostOfURL   = 2 << 10
	headerTime  = "2006-01-02T15:04:05.000Z07:00"
	headerExtra = 8 // bytes around a header's name and value
	headerRoom  = len(HeaderObserved) + len(headerTime) + headerExtra
)

// Bury is the tombstone of a key that no answer of a scan has shown, which was begun at a time: it has no URL. now is when that was found.
func (r *Rules) Bury(key []byte, last strategies.Value, began, now time.Time) kafka.Record {
	rec := Tombstone(&strategies.Row{Key: key, Value: last})
	rec.Headers = append(rec.Headers, r.headers(&Page{Sweep: began}, now)...)
	return rec
}

// headers are what all records of a page have in common; they are made once for a page.
func (r *Rules) headers(p *Page, now time.Time) []kgo.RecordHeader {
	if p == nil {
		return nil
	}
	if p.headers != nil {
		return p.headers
	}
	for _, name := range r.Stream.RecordHeaders {
		h := kgo.RecordHeader{Key: headerURL}
		switch name {
		case config.HeaderURL:
			if p.URL == "" {
				continue
			}
			h.Value = []byte(cut(p.URL, mostOfURL))
		case config.HeaderSweep:
			h.Key, h.Value = HeaderSweep, []byte(p.Sweep.UTC().Format(headerTime))
		case config.HeaderObserved:
			h.Key, h.Value = HeaderObserved, []byte(now.UTC().Format(headerTime))
		}
		p.headers = append(p.headers, h)
	}
	return p.headers
}

// headerBytes is what these headers take at the most.
func (r *Rules) headerBytes() (size int) {
	for _, name := range r.Stream.RecordHeaders {
		if size += headerRoom; name == config.HeaderURL {
			size += mostOfURL
		}
	}
	return size
}

// enveloped reports whether records say what has happened to their rows.
func (r *Rules) enveloped() bool { return r.Stream.Envelope == config.Debezium }
