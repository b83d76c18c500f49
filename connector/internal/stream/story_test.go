package stream

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

var updateStories = flag.Bool("update", false, "write what the machine does below the events in testdata")

// TestStories acts out testdata/*.txt, each a story of one keyset stream: an event a line, and below it,
// indented, what the machine wants to be done then, what it says to its operator, and where it stands. Time
// is virtual: an event takes 10 ms, tick as long as it says.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStory(t).act(string(text))
			if *updateStories {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got == string(text) {
				return
			}
			does, told := strings.Split(got, "\n"), strings.Split(string(text), "\n")
			same := 0
			for same < min(len(does), len(told)) && does[same] == told[same] {
				same++
			}
			t.Errorf("%s:%d: from here on the machine does (-update writes it)\n%s", file, same+1, strings.Join(does[same:], "\n"))
		})
	}
}

// story is a world around one machine: what the state topic and the output topic hold.
type story struct {
	t   *testing.T
	out strings.Builder
	log bytes.Buffer
	now time.Time
	m   *Machine // nil: the process is not started

	cursor  strategies.Cursor // in the state topic
	records []strategies.Row  // in the output topic
	asked   []uint64          // questions without an answer
	commit  *Commit
	load    *Load
	change  *Change // that the opening is to make
	stream  config.Stream
}

func newStory(t *testing.T) *story { return &story{t: t, now: at0} }

// act acts the text's events out, and returns it with what the machine does.
func (s *story) act(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, " ") {
			continue // of an earlier run
		}
		fmt.Fprintln(&s.out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.now = s.now.Add(10 * time.Millisecond)
		s.event(line)
		s.tell()
	}
	return s.out.String()
}

// event acts a line out.
func (s *story) event(line string) {
	verb, says, _ := strings.Cut(line, " ")
	if s.m == nil && verb != "start" {
		s.t.Fatalf("%q: the process is not started", line)
	}
	switch verb {
	case "start":
		s.start(says)
	case "killed":
		s.m = nil
	case "opened":
		changed := s.changes()
		s.step(Event{Kind: Opened, Stored: s.claim(), Topic: s.topic(), Changed: changed})
	case "loaded":
		s.step(Event{Kind: Loaded, Stored: s.cursor, Topic: s.topic(), Window: s.window()})
	case "arrived":
		s.step(Event{Kind: Arrived, ID: s.turn(), Answer: s.answer(says)})
	case "refused":
		status, message, _ := strings.Cut(says, " ")
		code, err := strconv.Atoi(status)
		s.must(err)
		s.step(Event{Kind: Arrived, ID: s.turn(), Err: class.Wrap(class.Source, &rest.StatusError{Status: code, Message: message})})
	case "unanswered":
		s.step(Event{Kind: Arrived, ID: s.turn(), Err: class.Wrap(class.Source, errors.New(says))})
	case "cancelled":
		s.step(Event{Kind: Arrived, ID: s.turn(), Err: context.Canceled})
	case "written":
		s.store()
		s.step(Event{Kind: Written, Stored: s.cursor, Topic: s.topic()})
	case "failed":
		s.step(Event{Kind: Failed, Err: s.failure(says)})
	case "rescanned":
		if s.m.phase != rescanning {
			s.t.Fatalf("no full scan is made:\n%s", s.out.String())
		}
		s.cursor.Rescanned = s.now.Format(time.RFC3339)
		s.step(Event{Kind: Rescanned})
	case "tick":
		d, err := time.ParseDuration(says)
		s.must(err)
		s.now = s.now.Add(d - 10*time.Millisecond)
		s.step(Event{Kind: Tick})
	case "stop":
		s.step(Event{Kind: Stop})
	case "pause":
		s.step(Event{Kind: Pause})
	case "resume":
		s.step(Event{Kind: Resume})
	case "poll":
		s.step(Event{Kind: Poll})
	case "rewind":
		s.step(Event{Kind: Alter, Change: &Change{To: "2026-01-01T" + says + ":00Z"}})
	case "reset":
		s.step(Event{Kind: Alter, Change: &Change{}})
	case "import":
		s.step(Event{Kind: Alter, Change: &Change{Import: s.exported(says)}})
	case "delete":
		s.step(Event{Kind: Alter, Change: &Change{Delete: true}})
	case "removed":
		s.cursor, s.change = strategies.Cursor{}, nil
		s.step(Event{Kind: Opened, Changed: &Outcome{Deleted: true}})
	default:
		s.t.Fatalf("no such event: %q", line)
	}
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// start starts the process: "start [once] [by token] [rescan 24h]".
func (s *story) start(options string) {
	stream := config.NewStream("users", strategies.Keyset, "http://127.0.0.1/")
	stream.PollInterval, stream.IdleAfter, stream.MaxBackoff = time.Minute, 5*time.Minute, time.Minute
	words, once := strings.Fields(options), false
	for i, word := range words {
		switch word {
		case "once":
			once = true
		case "token":
			stream.Sorted = false
		case "rescan":
			var err error
			stream.RescanInterval, err = time.ParseDuration(words[i+1])
			s.must(err)
		}
	}
	handler := slog.NewTextHandler(&s.log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	set := settingsOf(s.t, stream, once, slog.New(handler))
	set.Observer = s
	set.Backoff = func(most time.Duration, err error) time.Duration {
		set.Reading.Report.Backoff(most, err) // it counts the waits
		return most / 2
	}
	s.asked, s.commit, s.load, s.change, s.stream = nil, nil, nil, nil, stream
	s.m = NewMachine(s.now, set)
	s.wants()
}

func (s *story) step(e Event) {
	s.m.Step(s.now, e)
	s.wants()
}

// turn is the question that is answered next.
func (s *story) turn() uint64 {
	if len(s.asked) == 0 {
		s.t.Fatalf("nothing was asked, and there is an answer:\n%s", s.out.String())
	}
	id := s.asked[0]
	s.asked = s.asked[1:]
	return id
}

// answer reads "3 rows at 08:00[, token t1]" or "no row".
func (s *story) answer(text string) *reading.Answer {
	rows, token, more := strings.Cut(text, ", token ")
	a := &reading.Answer{Page: strategies.Page{Total: -1, Token: strategies.Token{Present: true, Null: !more, Text: token}}, URL: "http://127.0.0.1/", Size: 1000}
	if rows == "no row" {
		return a
	}
	for part := range strings.SplitSeq(rows, " and ") {
		words := strings.Fields(part)
		n, err := strconv.Atoi(words[0])
		s.must(err)
		at := words[len(words)-1]
		for i := range n {
			a.Rows = append(a.Rows, rowAt(at+"/"+strconv.Itoa(i+1), "2026-01-01T"+at+":00Z"))
		}
	}
	return a
}

// failure reads "broker gone", "broker, nothing written", "broker, outcome unknown[, though written]" or
// "fenced".
func (s *story) failure(text string) error {
	lost := class.Wrap(class.Broker, errors.New("the broker does not answer"))
	switch text {
	case "fenced":
		return kafka.ErrFenced
	case "broker gone":
		return lost
	case "broker, nothing written":
		return &kafka.CommitError{Outcome: kafka.NotWritten, Err: lost}
	case "broker, outcome unknown, though written":
		s.store()
	case "broker, outcome unknown":
	default:
		s.t.Fatalf("no such failure: %q", text)
	}
	return &kafka.CommitError{Outcome: kafka.Unknown, Err: lost}
}

// claim commits the stored cursor again, as every opening does.
func (s *story) claim() strategies.Cursor {
	s.cursor.Version, s.cursor.Seq = strategies.CursorVersion, s.cursor.Seq+1
	return s.cursor
}

// changes makes the change that the opening was asked for.
func (s *story) changes() *Outcome {
	want := s.change
	if s.change = nil; want == nil {
		return nil
	}
	if want.Import != nil {
		was := s.cursor.Mark
		s.cursor.Mark, s.cursor.ReadBack, s.cursor.Sweep = want.Import.Cursor.Mark, nil, nil
		return &Outcome{Was: was, Will: s.cursor.Mark}
	}
	spec, err := s.stream.Spec()
	s.must(err)
	next, from, err := want.of(spec, s.cursor)
	if err != nil {
		return &Outcome{Err: err}
	}
	was := s.cursor.Mark
	s.cursor = next
	return &Outcome{Was: was, Will: next.Mark, From: from}
}

// exported is a cursor of an export: "09:00", its mark, of this stream; or "that of another stream".
func (s *story) exported(says string) *Imported {
	of := s.stream
	if says == "that of another stream" {
		of.Name, says = "orders", "09:00"
	}
	c, err := Adopt(strategies.Cursor{}, of)
	s.must(err)
	c.Mark = "2026-01-01T" + says + ":00Z"
	return &Imported{Cursor: c}
}

// store makes the transaction that is asked for.
func (s *story) store() {
	if s.commit == nil {
		s.t.Fatalf("no transaction is on its way:\n%s", s.out.String())
	}
	for i := range s.commit.Records {
		r := &s.commit.Records[i]
		at, _, _ := strings.Cut(string(r.Key), "/")
		s.records = append(s.records, rowAt(string(r.Key), "2026-01-01T"+at+":00Z"))
	}
	seq := s.cursor.Seq
	s.cursor, s.commit = s.commit.Next, nil
	s.cursor.Seq = seq + 1
}

func (s *story) topic() Topic { return topicOf(int64(len(s.records))) }

// window reads the topic back.
func (s *story) window() *window.Window {
	start, err := window.Start(strategies.RFC3339, s.load.Cursor.Window)
	s.must(err)
	w := window.New(start, 1000)
	w.Begin([]int64{0})
	for i := range s.records {
		r := &s.records[i]
		w.Load(r.Key, r.Value, r.Hash, 0, int64(i))
	}
	w.Loaded()
	return w
}
