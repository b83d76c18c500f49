package reading

import (
	"errors"
	"fmt"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// What is read ahead comes out as if it had been asked in turn, rows and cursor, in whatever order the
// answers come.
func TestAheadReadsAsInTurn(t *testing.T) {
	for _, strategy := range []string{strategies.StepSize, strategies.Offset} {
		for name, ids := range map[string]func(int64) bool{"dense": every(1), "half": every(2), "sparse": every(37), "none": every(1000)} {
			t.Run(strategy+" "+name, func(t *testing.T) {
				source := func() *ranged {
					s := &ranged{ids: ids, size: 1}
					if strategy == strategies.Offset {
						s.ids, s.rows = nil, map[string]int64{"dense": 395, "half": 200, "sparse": 11, "none": 0}[name]
					}
					return s
				}
				share := room(1000)
				read := func(concurrency int) (keys []string, end strategies.Cursor) {
					p := numbers(t, strategy, share, func(s *config.Stream) { s.Concurrency = concurrency })
					end, err := pull(t, p, source(), share, strategies.Cursor{}, func(page *Page) {
						if page.Answer != nil {
							for i := range page.Answer.Rows {
								keys = append(keys, string(page.Answer.Rows[i].Key))
							}
						}
					})
					if err != nil {
						t.Fatal(err)
					}
					return keys, end
				}
				want, wantEnd := read(1)
				got, end := read(4)
				if fmt.Sprint(got) != fmt.Sprint(want) || end.Mark != wantEnd.Mark || end.Window != wantEnd.Window {
					t.Errorf("read %v to %+v,\nin turn %v to %+v", got, end, want, wantEnd)
				}
				allFree(t, share)
				for order, next := range map[string]func(int) int{"newest": func(n int) int { return n - 1 }, "middle": func(n int) int { return n / 2 }} {
					s := session(t, numbers(t, strategy, share, nil))
					got, widest := drive(t, s, source(), next)
					if end := s.At(); fmt.Sprint(got) != fmt.Sprint(want) || end.Mark != wantEnd.Mark || end.Window != wantEnd.Window {
						t.Errorf("the %s question answered first: read %v to %+v,\nin turn %v to %+v", order, got, end, want, wantEnd)
					}
					if widest > 4 {
						t.Errorf("%d questions are under way at once, with concurrency 4", widest)
					}
					allFree(t, share)
				}
			})
		}
	}
}

// Four requests are under way at once, as soon as the first answer tells what to guess.
func TestAheadAsksAtOnce(t *testing.T) {
	for _, strategy := range []string{strategies.StepSize, strategies.Offset} {
		t.Run(strategy, func(t *testing.T) {
			from := &ranged{size: 1, rows: 400}
			if strategy == strategies.StepSize {
				from.ids = every(1)
			}
			s := session(t, numbers(t, strategy, room(1000), nil))
			first := asks(s)
			if len(first) != 1 {
				t.Fatalf("%d questions at first, want one: nothing can be guessed before its answer", len(first))
			}
			answer(t, s, from, first[0])
			mustStep(t, s)
			if n := len(asks(s)); n != 4 {
				t.Errorf("%d questions at once, want 4", n)
			}
		})
	}
}

// Early answers that are never used must not keep the one in turn from its share (P10).
func TestAheadGivesWayWhereBytesAreShort(t *testing.T) {
	from, share := &ranged{ids: every(1), size: 10}, room(45)
	s := session(t, numbers(t, strategies.StepSize, share, nil))
	answer(t, s, from, asks(s)[0])
	page := mustStep(t, s)
	early := asks(s)
	if len(early) != 3 { // 10 are taken, 30 more fit
		t.Fatalf("%d questions asked ahead, want the 3 that fit", len(early))
	}
	free(page, share)
	from.size = 40 // more than expected: 15 are free, 10 its own
	answer(t, s, from, early[0])
	from.size = 10
	answer(t, s, from, early[1])
	answer(t, s, from, early[2])
	if page = mustStep(t, s); page.Weight != 40 {
		t.Errorf("the page in turn holds %d bytes, want 40", page.Weight)
	}
	if from.freed != 3 { // the first page, and the two behind this one
		t.Errorf("%d answers given back, want 3", from.freed)
	}
	if again := asks(s); len(again) != 1 {
		t.Errorf("%d questions are asked behind it, want the one in turn only", len(again))
	}
	free(page, share)
	allFree(t, share)
}

// A collection whose ranges never end with an id makes every guess wrong; that must not
// multiply the requests.
func TestAheadStopsGuessingWrong(t *testing.T) {
	gaps := func(id int64) bool { return id%10 != 0 && id%9 != 0 }
	requests := func(concurrency int) int {
		from := &ranged{ids: gaps, size: 1}
		p := numbers(t, strategies.StepSize, room(1000), func(s *config.Stream) { s.Concurrency, s.MaxID = concurrency, 4000 })
		drive(t, session(t, p), from, func(int) int { return 0 })
		return from.asked
	}
	turn, early := requests(1), requests(4)
	if early > turn+turn/2 {
		t.Errorf("%d requests ahead, %d in turn", early, turn)
	}
}

// A question that failed when it was asked ahead has failed: its error comes in its turn.
func TestAheadErrorInItsTurn(t *testing.T) {
	wrong := errors.New("no more")
	from, share := &ranged{ids: every(1), size: 1}, room(1000)
	s := session(t, numbers(t, strategies.StepSize, share, nil))
	answer(t, s, from, asks(s)[0])
	free(mustStep(t, s), share)
	early := asks(s)
	s.Arrived(early[1].ID, nil, wrong)
	noStep(t, s)
	answer(t, s, from, early[0])
	free(mustStep(t, s), share)
	if _, err := s.Step(began); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	s.Drop()
	allFree(t, share)
}
