package connector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// spoil makes rows of docs unusable.
func spoil(docs []doc, which func(i int) bool) []doc {
	for i := range docs {
		if which(i) {
			docs[i].text = fmt.Sprintf(`{"id": %q, "name": 7, "updatedAt": %q}`, docs[i].id, docs[i].at)
		}
	}
	return docs
}

// A sweep that is read again from its base counts its bad rows again from there: a row is
// not bad twice.
func TestBrokerMaxBadRowsAfterARestart(t *testing.T) {
	t.Parallel()
	docs := append(people(10, 130), person("late", at(300), "A"), person("mid", at(200), "A"))
	docs = append(docs, people(1, 9)...) // older rows behind: the pages have no order
	spoil(docs, func(i int) bool { return i < 120 && i%2 == 0 })
	s := &script{unsorted: true, page: 10, docs: docs}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if h.logs.count("does not sort") != 1 {
		t.Fatalf("the sweep did not start again:\n%s", &h.logs)
	}
	if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != len(docs)-60 || l != 60 {
		t.Errorf("%d events and %d dead letters, want %d and 60", e, l, len(docs)-60)
	}
}

// Where more than half of a page cannot be written it is not the rows that are wrong: nothing
// of the page is written, what came before it stands, and the error says what to do.
func TestBrokerHalfAPageIsBad(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		docs   []doc
		page   int
		ratio  float64
		ok     bool
		events int
	}{
		"a whole small collection":   {spoil(people(1, 60), func(int) bool { return true }), 60, 0.5, false, 0},
		"half of a page":             {spoil(people(1, 20), func(i int) bool { return i%2 == 0 }), 20, 0.5, true, 10},
		"a row more":                 {spoil(people(1, 20), func(i int) bool { return i%2 == 0 || i == 1 }), 20, 0.5, false, 0},
		"a page of three":            {spoil(people(1, 3), func(int) bool { return true }), 3, 0.5, true, 0},
		"a later page":               {spoil(people(1, 40), func(i int) bool { return i >= 20 }), 20, 0.5, false, 20},
		"the operator lets them go":  {spoil(people(1, 60), func(int) bool { return true }), 60, 1, true, 0},
		"the operator asks for more": {spoil(people(1, 20), func(i int) bool { return i < 5 }), 20, 0.2, false, 0},
	} {
		for _, on := range []string{"dlq", admit.OnBadSkip} {
			t.Run(name+"/"+on, func(t *testing.T) {
				t.Parallel()
				h, stream := scripted(t, strategies.Keyset, &script{page: c.page, docs: c.docs})
				stream.MaxBadRatio, stream.OnBadRow = c.ratio, on
				for range 2 { // the next start finds the same
					err := h.once()
					if c.ok && err != nil {
						t.Fatal(err)
					}
					if !c.ok && (class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_bad_ratio") || !strings.Contains(err.Error(), h.url)) {
						t.Fatalf("got %v, want an error with the page's URL that names max_bad_ratio", err)
					}
					bad := 0
					if on == "dlq" && c.ok {
						bad = len(c.docs) - c.events
					}
					if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != c.events || l != bad {
						t.Fatalf("%d events and %d dead letters, want %d and %d", e, l, c.events, bad)
					}
				}
			})
		}
	}
}

// Bad rows that were met before count for nothing where a short page shows them again: neither
// in polls, nor behind a restart, nor in full scans.
func TestBrokerBadRowsMetBefore(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"dlq", admit.OnBadSkip} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 20, docs: spoil(people(1, 20), func(i int) bool { return i > 14 })}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.OnBadRow, stream.Lookback, stream.PollInterval = on, 5*time.Minute, time.Millisecond
			c, stop := h.start(Options{})
			polled(t, c, 3) // each with six rows, five of them bad
			st := c.Status()[0]
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if st.Dead+st.Skipped != 5 {
				t.Errorf("%d dead letters and %d skipped rows of 5", st.Dead, st.Skipped)
			}
			stream.RescanInterval = 0
			s.do(func() { s.page = 6 }) // a scan now has a page with nothing else
			h.mustOnce()
			if e := len(h.events(stream.Topic)); e != 15 {
				t.Errorf("%d events of 15 rows", e)
			}
		})
	}
}

// A full scan meets the masses of bad rows that sweeps do not see.
func TestBrokerScanOfBadRows(t *testing.T) {
	t.Parallel()
	s := &script{page: 20, docs: people(1, 60)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Lookback = 0
	h.mustOnce()
	s.do(func() { spoil(s.docs, func(i int) bool { return i < 59 }) }) // the last one is the mark
	stream.RescanInterval = 0
	if err := h.once(); class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_bad_ratio") {
		t.Errorf("got %v, want an error that names max_bad_ratio", err)
	}
	if n := len(h.letters(stream.Topic)); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// The first bad row of a kind is said, with its id, where it came from and why.
func TestBrokerBadRowIsSaid(t *testing.T) {
	t.Parallel()
	for on, says := range map[string]string{"dlq": "dead letter", admit.OnBadSkip: "left out"} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			docs := spoil(people(1, 30), func(i int) bool { return i%5 == 4 })
			docs[3].text = fmt.Sprintf(`{"name": "A", "updatedAt": %q}`, docs[3].at)
			h, stream := scripted(t, strategies.Keyset, &script{page: 10, docs: docs})
			stream.OnBadRow = on
			stream.Query = map[string]string{"api_key": "s3cr3t"}
			h.mustOnce()
			log := h.logs.String()
			if n := strings.Count(log, "level=WARN"); n != 2 {
				t.Fatalf("%d warnings, want one for each of the fields:\n%s", n, log)
			}
			for _, text := range []string{"level=WARN msg=\"" + `a row cannot be written`, says, "id=p5", stream.URL, "api_key=***", "field name", "on_bad_row=" + on} {
				if !strings.Contains(log, text) {
					t.Errorf("the log does not say %q:\n%s", text, log)
				}
			}
			h.noSecret(stream, "s3cr3t", nil)
			if w := h.status().Warnings; w != 2 {
				t.Errorf("%d warnings counted, want 2", w)
			}
		})
	}
}
