package stream

import (
	"math"
	"time"

	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// variant is a deliberate mistake. The oracle has to catch each: it is a test of the
// oracle, not of the connector.
type variant int

const (
	none variant = iota
	markFromLastRow
	markAhead
	cursorOutside
	readBeforeFence
	noFence
	endOnNothing
	windowNotRebuilt
	readBackTooFar
	retryUnknown
	followStrictToken
	seamUnchecked
	endOnShortPage
	staleWritten
	unstableHash
	commitDespiteFailure
	lastRecordLost
	strictVerbatim
	bufferIgnored
	tokenRefusalIsEnd
	endless
	deleteUnasked
	lettersForgotten
	badRowsDropped
	answersKept
	wokenBlindly
	windowKept
	fallingBelieved
	evidenceIgnored
	middleUncompared
	neverDoubted
	tokenAlone
	healedEarly
	rivalUnseen
	rivalIgnored
	rivalKeysIgnored
	lossUnseen
	keysByPresent
	readInFetchOrder
	seamOfOneRow
	endOnEmpty
	tiesBelieved
	neverEnough
	absentBelieved
	emptyBelieved
	depthIsEnd
	registryBelieved
	schemasNotKept
	meaningsDropped
	scrawlPassedOver
	outageEnds
	firstOpenEnds
	stopDrops
	closedBusy
	answersOutlive
	rewoundBlindly
	importedBlindly
	removedUnfenced
	growthUnlearnt
	learntForgotten
	settledEarly

	// Of pagers, and of the strategies that go by one.
	noneBelieved
	shortIsEnd
	onePassBelieved
	skippedBySize
	nullIgnored
	selfFollowed
	absentIsError
	restBelieved
	markOfLaterPages
	oneOldRowIsEnd
	spansPassedOver
	olderDropped
	newByMark
	awayIsEmpty
	placeByNumber
	// Of full scans.
	oneLook
	revertLost
	revertUnread
	scanDropped
	oneSurePass
	scanUntilNow
	variants
)

var variantNames = [variants]string{"none", "mark from the last row", "mark passes rows not delivered", "cursor outside the transaction",
	"cursor read before the fence", "no fence", "end on {}", "window not rebuilt", "read-back offsets too far", "unknown commit retried",
	"strictly greater token followed", "seam not checked", "end on a short page", "stale rows written", "hash changes by itself",
	"commit although a record failed", "a record left out", "strict filter asked verbatim", "buffer ignored",
	"refused token taken for the end", "no end", "delete without the API's word", "dead letters forgotten at a restart", "bad rows dropped",
	"early answers kept", "woken without a look at the cursor", "window never raised",
	"falling answer believed", "evidence of more ignored", "second answer not compared",
	"strict filter never learnt", "token without its bound", "unsorted forgotten",
	"other writers not looked for", "another writer seen, the window kept",
	"another writer's keys not compared",
	"loss of the topic not noticed", "keys by the present number of partitions", "read back in the order of fetching",
	"seam of one row", "end on an empty page alone", "order of ties believed", "no way out of a busy source",
	"a token left out believed", "an empty page behind a token believed", "refused offset taken for the end",
	"the registry asked what an id means", "schemas not kept", "meanings dropped by a claim",
	"foreign records passed over",
	"an outage ends the stream", "an error at the first open ends the stream",
	"a stop drops the transaction on its way", "a producer closed with something to write", "answers kept behind a reopen", "a rewound cursor with its read-back offsets",
	"a cursor imported whatever the topic has lost", "a cursor removed without a fence",
	"rows written without what is new in them", "what a schema has learnt forgotten at a restart", "the schema not asked for behind the fence",
	"an answer without pages believed whole", "a short page taken for the end of a list", "one pass over shifting pages believed",
	"rows skipped by the size that was asked for", "a null token asked from the first page", "the URL of an empty page followed", "an absent link taken for an error",
	"a count of what lies behind a row taken for that of all", "mark from later pages of an unsorted list", "a feed ended by one old row", "the mark over an empty span of late",
	"a snapshot without what is older than the newest", "a new parent's rows from the mark on", "a parent that is away taken for one without rows", "a slice found again by its number",
	"a revert believed after one look", "no revert written", "a revert not read back",
	"a scan dropped with an error", "a scan by pager believed after one pass", "a scan of spans up to now"}

// scans says that the mistake is one of full scans.
func (v variant) scans() bool { return v >= oneLook }

// grows says that the mistake is one of schemas that learn. The others are looked for in scripts without such.
func (v variant) grows() bool {
	return v >= growthUnlearnt && v <= settledEarly
}

// script is a seed's script for the mistake: those of pagers show where a stream goes by one, those of cursors that are moved
// about where an operator does that.
func (v variant) script(seed uint64) *sim.Script {
	if v == importedBlindly || v == removedUnfenced {
		seed = seed*27 + 16
	}
	generate := sim.GenerateOwn
	if v == none || v >= noneBelieved {
		generate = sim.Generate
	}
	if v == none || v.grows() {
		return generate(seed)
	}
	return generate(seed).Learnt()
}

func (v variant) String() string { return variantNames[v] }

// wrap returns the strategy with the mistake in it.
func (v variant) wrap(s strategies.Strategy, x *world) strategies.Strategy {
	switch v {
	case markFromLastRow, markAhead, followStrictToken, seamUnchecked, endOnShortPage, tokenRefusalIsEnd, endless, windowKept,
		evidenceIgnored, middleUncompared, strictVerbatim, neverDoubted, healedEarly, seamOfOneRow, endOnEmpty, neverEnough,
		emptyBelieved, depthIsEnd:
		return &mistaken{s, v, x}
	}
	if v >= noneBelieved && v < oneLook || v >= oneSurePass {
		return &walkMistaken{s, v, x}
	}
	return s
}

type mistaken struct {
	strategies.Strategy
	variant variant
	x       *world
}

func (m *mistaken) Begin(c strategies.Cursor, now time.Time) (strategies.Cursor, error) {
	c, err := m.Strategy.Begin(c, now)
	return m.undoubted(c), err
}

func (m *mistaken) Query(c strategies.Cursor) strategies.Query {
	q := m.Strategy.Query(c)
	switch {
	case m.variant == followStrictToken && m.x.script.ByValue && c.Sweep.Slice().As != "":
		return strategies.Query{Params: []strategies.Param{{Role: strategies.RoleToken, Value: c.Sweep.Slice().As}}}
	case m.x.script.Strategy == strategies.Offset:
		return m.queryOffset(c, q)
	}
	return q
}

func (m *mistaken) Fold(c strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	t := &m.x.script.Traits
	switch m.variant {
	case evidenceIgnored:
		p.More = strategies.Evidence{}
	case middleUncompared:
		if at := strategies.At[strategies.AnswerPosition](c.Sweep); at.Proof != nil {
			sweep := *c.Sweep
			sweep.Slice().After, at.Proof = at.Proof.To, nil
			sweep.Slice().Position, c.Sweep = &at, &sweep
			return strategies.Verdict{Next: c}, nil
		}
	case emptyBelieved:
		if strategies.At[strategies.ValuePosition](c.Sweep).Probe && len(p.Rows) == 0 {
			return m.ended(c), nil
		}
	case seamUnchecked, seamOfOneRow:
		p.Rows = m.blind(c, p.Rows)
	case endOnEmpty:
		if t.Strategy == strategies.Offset && len(p.Rows) == 0 {
			c.Mark, c.Sweep = m.higher(c.Mark, c.Sweep.High), nil
			return strategies.Verdict{Next: c}, nil
		}
	case endOnShortPage:
		if t.Strategy == strategies.Offset && len(p.Rows) > 0 && len(p.Rows) < t.PageSize {
			v, err := m.Strategy.Fold(c, p)
			if err == nil && !v.Restarted && v.Next.Sweep != nil {
				if high := v.Next.Sweep.High; high != "" {
					v.Next.Mark = m.higher(v.Next.Mark, high)
				}
				v.Next.Sweep = nil
			}
			return v, err
		}
	}
	v, err := m.Strategy.Fold(c, p)
	if err != nil {
		return v, err
	}
	switch m.variant {
	case markFromLastRow:
		if n := len(p.Rows); n > 0 && v.Next.Sweep == nil && p.Rows[n-1].Value.Set {
			v.Next.Mark = string(p.Rows[n-1].Value.Raw)
		}
	case markAhead:
		if v.Next.Sweep != nil && v.Next.Sweep.High != "" && t.Order != sim.Ascending {
			v.Next.Mark = m.higher(v.Next.Mark, v.Next.Sweep.High)
			sweep := *v.Next.Sweep
			sweep.From, sweep.Slice().After = v.Next.Mark, v.Next.Mark
			v.Next.Sweep = &sweep
		}
	case followStrictToken:
		if t.ByValue && v.Next.Sweep != nil && !p.Token.Null {
			sweep := *v.Next.Sweep
			sweep.Slice().As = p.Token.Text // of keyset nothing else is there
			v.Next.Sweep = &sweep
		}
	case neverDoubted, strictVerbatim:
		v.Next = m.undoubted(v.Next)
	case healedEarly:
		v.Next.Unsorted = v.Next.Unsorted && v.Next.Sweep != nil
	case windowKept:
		v.Next.Window = c.Window
	case neverEnough:
		if v.Next.Sweep != nil {
			if at, ok := v.Next.Sweep.Slice().Position.(*strategies.CountPosition); ok {
				at.Busy = 0
			}
		}
	case endless:
		if v.Next.Sweep == nil && !v.Restarted && v.Next.Mark != "" {
			return strategies.Verdict{Next: c}, nil
		}
	}
	return v, nil
}

// undoubted waits for no row to come again.
func (m *mistaken) undoubted(c strategies.Cursor) strategies.Cursor {
	if (m.variant == neverDoubted || m.variant == strictVerbatim) && c.Sweep != nil {
		s := *c.Sweep
		s.Expect = ""
		c.Sweep = &s
	}
	return c
}

// higher is the greater of two marks.
func (m *mistaken) higher(a, b string) string {
	n := func(s string) int64 {
		v, err := m.x.spec.Format.ParseString(s)
		if err != nil {
			return math.MinInt64
		}
		return v.N
	}
	if n(b) > n(a) {
		return b
	}
	return a
}

func (m *mistaken) Rewind(c strategies.Cursor) strategies.Cursor {
	if m.variant == tokenRefusalIsEnd {
		if high := c.Sweep.High; high != "" {
			c.Mark = m.higher(c.Mark, high)
		}
		c.Sweep = nil
		return c
	}
	return m.Strategy.Rewind(c)
}
