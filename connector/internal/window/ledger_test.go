package window

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

const tombstone = 0x70_6d_6f_74

func everywhere(int64) bool { return true }

// What two looks make of one key. The topic has it at 5 with the hash 100, or not, or a tombstone.
func TestLedger(t *testing.T) {
	t.Parallel()
	type row struct {
		n    int64
		hash uint64
	}
	const has, lacks, buried, foreign = "has", "lacks", "buried", "foreign"
	same, other, older := row{5, 100}, row{5, 200}, row{4, 300}
	dead := row{6, tombstone}
	written := row{7, 400}
	for name, c := range map[string]struct {
		topic         string
		first, second []row
		written       []row // to the topic, between the looks
		want          Tally
	}{
		"the same":                         {has, []row{same}, nil, nil, Tally{}},
		"never shown":                      {has, nil, nil, nil, Tally{Unshown: 1}},
		"shown by the second look":         {has, nil, []row{same}, nil, Tally{}},
		"another row":                      {has, []row{other}, []row{other}, nil, Tally{Differing: 1}},
		"another row, once":                {has, []row{other}, []row{same}, nil, Tally{}},
		"another row, then none":           {has, []row{other}, nil, nil, Tally{Unsettled: 1}},
		"another row, and an older one":    {has, []row{other}, []row{older}, nil, Tally{}},
		"an older row, twice":              {has, []row{older}, []row{older}, nil, Tally{Differing: 1}},
		"one look shows two":               {has, []row{other, same}, nil, nil, Tally{}},
		"the other way round":              {has, []row{same, other}, []row{other}, nil, Tally{Differing: 1}},
		"another row in the second look":   {has, nil, []row{other}, nil, Tally{Differing: 1}},
		"another time only":                {has, []row{{6, 100}}, []row{{6, 100}}, nil, Tally{Differing: 1}},
		"deleted at the API":               {has, []row{dead}, []row{dead}, nil, Tally{Differing: 1}},
		"missing":                          {lacks, []row{same}, []row{same}, nil, Tally{Missing: 1}},
		"missing, then gone":               {lacks, []row{same}, nil, nil, Tally{Unsettled: 1}},
		"missing, then deleted":            {lacks, []row{same}, []row{dead}, nil, Tally{}},
		"missing, shown twice":             {lacks, []row{same, other}, []row{other, other}, nil, Tally{Missing: 1}},
		"came up behind the first look":    {lacks, nil, []row{same}, nil, Tally{}},
		"deleted on both sides":            {buried, []row{dead}, []row{dead}, nil, Tally{}},
		"deleted, and only here":           {buried, []row{same}, []row{same}, nil, Tally{Missing: 1}},
		"deleted and not shown":            {buried, nil, nil, nil, Tally{}},
		"unknown to both":                  {lacks, []row{dead}, nil, nil, Tally{}},
		"somebody else's record":           {foreign, nil, nil, nil, Tally{}},
		"somebody else's record over ours": {foreign, []row{same}, []row{same}, nil, Tally{Differing: 1}},
		"stale, and written meanwhile":     {has, []row{written}, []row{written}, []row{written}, Tally{}},
		"missing, and written meanwhile":   {lacks, []row{written}, []row{written}, []row{written}, Tally{}},
		"not shown, and deleted meanwhile": {has, nil, nil, []row{dead}, Tally{}},
		"new, and written meanwhile":       {lacks, nil, []row{written}, []row{written}, Tally{}},
	} {
		t.Run(name, func(t *testing.T) {
			key := []byte("k")
			l := NewLedger(tombstone)
			l.Window.Begin([]int64{0})
			switch c.topic {
			case has:
				l.Window.Load(key, at(5), 100, 0, 0)
			case buried:
				l.Window.Load(key, at(5), tombstone, 0, 0)
			case foreign:
				l.Window.Load(key, at(5), Unknown, 0, 0)
			}
			live := l.Begin(everywhere)
			if live != map[string]int64{has: 1}[c.topic] {
				t.Errorf("%d keys live", live)
			}
			for _, r := range c.first {
				l.Show(key, at(r.n), r.hash)
			}
			for _, r := range c.written {
				l.Update(key, at(r.n), r.hash)
			}
			l.Again()
			for _, r := range c.second {
				l.Show(key, at(r.n), r.hash)
			}
			if got := l.Count(); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// Where nothing moves, two looks find just what differs, whatever the order in which rows come and how often.
func TestLawLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.IntRange(1, 60).Draw(t, "keys")
		l := NewLedger(tombstone)
		l.Window.Begin([]int64{0})
		type side struct {
			n    int64
			hash uint64
			has  bool
		}
		var want Tally
		api := map[int]side{}
		for k := range keys {
			draw := func(what string) side {
				return side{rapid.Int64Range(1, 3).Draw(t, what), rapid.SampledFrom([]uint64{80, 160, 240, tombstone}).Draw(t, what), rapid.Bool().Draw(t, what)}
			}
			topic, shown := draw("topic"), draw("api")
			if topic.has {
				l.Window.Load([]byte(fmt.Sprint(k)), at(topic.n), topic.hash, 0, int64(k))
			}
			if shown.has {
				api[k] = shown
			}
			there, here := topic.has && topic.hash != tombstone, shown.has && shown.hash != tombstone
			switch {
			case there && !shown.has:
				want.Unshown++
			case there && (topic.hash != shown.hash || topic.n != shown.n):
				want.Differing++
			case !there && here:
				want.Missing++
			}
		}
		l.Begin(everywhere)
		for look := range 2 {
			if look == 1 {
				l.Again()
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				for k, r := range api { // in any order
					l.Show([]byte(fmt.Sprint(k)), at(r.n), r.hash)
				}
			}
		}
		if got := l.Count(); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
