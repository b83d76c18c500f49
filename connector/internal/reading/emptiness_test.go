package reading

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// reply is what an API says to one question.
type reply struct {
	rows  []string // their cursor values
	total int64    // beside them; 0: not said
	fails bool
}

var (
	none    = reply{}
	fails   = reply{fails: true}
	newRow  = reply{rows: []string{"2025-01-01T00:00:00Z"}}
	another = reply{rows: []string{"2025-03-01T00:00:00Z"}}
	oldRow  = reply{rows: []string{"2020-01-01T00:00:00Z"}}
)

var errSilent = class.Wrap(class.Source, errors.New("the API says nothing"))

// answer makes an answer of what is said.
func (r reply) answer(t *testing.T, f strategies.Format, free func()) (*Answer, error) {
	t.Helper()
	if r.fails {
		return nil, errSilent
	}
	a := &Answer{Page: strategies.Page{Total: r.total}, URL: "replies", Size: 10, Free: free}
	for i, text := range r.rows {
		v, err := f.ParseString(text)
		if err != nil {
			t.Fatal(err)
		}
		a.Rows = append(a.Rows, strategies.Row{Key: fmt.Append(nil, i), Value: v})
	}
	return a, nil
}

// kindOf says whether a question has the filter.
func kindOf(params []strategies.Param) string {
	if len(params) > 0 && params[0].Role == strategies.RoleSince {
		return "from the mark"
	}
	return "without the filter"
}

const mark2024 = "2024-01-01T00:00:00Z"

// behindNothing are what comes of a first sweep without a row: the replies behind the first one, what is
// asked for each, and the end.
var behindNothing = []struct {
	name    string
	mark    string // initial_mark; "": the default
	first   reply
	replies []reply
	asked   string // f: from the mark, w: without the filter
	comes   string // "empty", "rows", or a part of the error
}{
	{"the collection is empty", "", none, []reply{none}, "w", "empty"},
	{"the filter has to be there", "", none, []reply{fails}, "w", "empty"},
	{"the first mark leaves all rows out", mark2024, none, []reply{oldRow}, "w", "empty"},
	{"the filter brings nothing", mark2024, none, []reply{newRow, none, newRow}, "wfw", `without the parameter since it gives a row at "2025-01-01T00:00:00Z"`},
	{"rows have come meanwhile", mark2024, none, []reply{newRow, newRow}, "wf", "rows"},
	{"the row has gone meanwhile", mark2024, none, []reply{newRow, none, none}, "wfw", "empty"},
	{"another row has come meanwhile", mark2024, none, []reply{newRow, none, another}, "wfw", "empty"},
	{"the API fails when asked again", mark2024, none, []reply{newRow, fails}, "wf", "the API says nothing"},
	{"the API fails when asked without the filter again", mark2024, none, []reply{newRow, none, fails}, "wfw", "empty"},
	{"it counts rows, and gives them then", "", reply{total: 237}, []reply{newRow}, "f", "rows"},
	{"it counts rows, and never gives one", "", reply{total: 237}, []reply{{total: 237}}, "f", "the API counts 237 rows (total_path) and gives none"},
	{"it counted rows, and they are gone", "", reply{total: 237}, []reply{none, none}, "fw", "empty"},
	{"it counts rows, and fails when asked again", "", reply{total: 237}, []reply{fails}, "f", "the API says nothing"},
	{"it counts rows behind the filter, and never gives one", mark2024, reply{total: 5}, []reply{{rows: newRow.rows, total: 237}, {total: 5}}, "wf", "the API counts 5 rows (total_path) and gives none"},
	{"it counts all rows, whatever the filter", mark2024, reply{total: 237}, []reply{{rows: newRow.rows, total: 237}, {total: 237}, newRow}, "wfw", "does not filter by"},
	{"it counted rows behind the filter, and they are gone", mark2024, reply{total: 5}, []reply{{rows: newRow.rows, total: 237}, none, none}, "wfw", "empty"},
	{"it counts rows that the first mark may leave out", mark2024, reply{total: 237}, []reply{oldRow}, "w", "empty"},
}

func markedStream(mark string) config.Stream {
	stream := config.NewStream("dated", strategies.Timestamp, "http://source/")
	if mark != "" {
		stream.InitialMark = mark
	}
	return stream
}

// A first sweep without a row is looked behind before it is believed.
func TestEmptiness(t *testing.T) {
	for _, c := range behindNothing {
		t.Run(c.name, func(t *testing.T) {
			share, freed, answered := room(10), 0, 0 // for one answer
			p := partsOf(t, markedStream(c.mark), share)
			s := session(t, p)
			before := *s.At().Sweep
			asked := ""
			var page *Page
			var err error
			for n := 0; page == nil && err == nil; n++ {
				questions := asks(s)
				if len(questions) != 1 || n > len(c.replies) {
					t.Fatalf("asked %d questions behind %d answers (%s)", len(questions), n, asked)
				}
				r := c.first
				if n > 0 {
					r, asked = c.replies[n-1], asked+kindOf(questions[0].Params)[:1]
				}
				a, failed := r.answer(t, p.Format, func() { freed++ })
				if a != nil {
					answered++
				}
				s.Arrived(questions[0].ID, a, failed)
				page, err = s.Step(began)
			}
			if asked != c.asked {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			switch {
			case c.comes == "empty":
				if err != nil || !page.Ended || page.Answer != nil || page.Next.Mark != "" {
					t.Fatalf("want the sweep's end: %+v, %v", page, err)
				}
				s.Begin(began, sweepOf(t, &p, page.Next))
				a, _ := none.answer(t, p.Format, nil)
				s.Arrived(asks(s)[0].ID, a, nil)
				if page = mustStep(t, s); !page.Ended {
					t.Error("the next sweep is looked behind again")
				}
				free(page, share)
			case c.comes == "rows":
				if err != nil || page.Ended || page.Answer != nil || page.Next.Sweep == nil || len(asks(s)) != 1 {
					t.Errorf("want the sweep from its start: %+v, %v", page, err)
				}
			case class.Of(err) != class.Source || !strings.Contains(err.Error(), c.comes):
				t.Errorf("got %v, want %q", err, c.comes)
			default:
				if *s.At().Sweep != before {
					t.Errorf("behind the error the session stands at %+v, not before the page", s.At().Sweep)
				}
				s.Again()
				if again := asks(s); len(again) != 1 || kindOf(again[0].Params) != "from the mark" {
					t.Errorf("behind the error it asks %v", again)
				}
			}
			s.Drop()
			if freed != answered {
				t.Errorf("%d of %d answers are released", freed, answered)
			}
			allFree(t, share)
		})
	}
}

// A collection whose rows come between the answers is looked behind a few times only.
func TestEmptinessIsLookedAtThrice(t *testing.T) {
	share := room(25)
	p := partsOf(t, markedStream(mark2024), share)
	s := session(t, p)
	bring := func(r reply) {
		t.Helper()
		a, err := r.answer(t, p.Format, nil)
		s.Arrived(asks(s)[0].ID, a, err)
	}
	for range mostLooks {
		bring(none)
		noStep(t, s)
		bring(newRow)
		noStep(t, s)
		bring(newRow)
		if page := mustStep(t, s); page.Ended {
			t.Fatal("the sweep has ended, though there are rows")
		}
	}
	bring(none)
	if page := mustStep(t, s); !page.Ended {
		t.Error("looked behind once more")
	}
}

// Where no question has a filter there is nothing to ask: the sweep is empty.
func TestEmptinessWithoutAFilter(t *testing.T) {
	share := room(25)
	p := numbers(t, strategies.StepSize, share, func(s *config.Stream) { s.MaxID = 10 })
	s := session(t, p)
	a, _ := none.answer(t, p.Format, nil)
	a.Total = -1
	s.Arrived(asks(s)[0].ID, a, nil)
	if page := mustStep(t, s); !page.Ended || len(asks(s)) != 0 {
		t.Errorf("an empty answer to a question without a filter leads to %+v", page)
	}
	allFree(t, share)
}
