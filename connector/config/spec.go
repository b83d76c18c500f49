package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// Spec is what strategies.New makes the stream's strategy from. It fails, with class
// Config, only on a stream that Load did not make.
func (s *Stream) Spec() (strategies.Spec, error) {
	format, err := s.Format()
	if err != nil {
		return strategies.Spec{}, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
	}
	coarse := s.coarse()
	return strategies.Spec{
		Strategy: s.Strategy, Format: format, FirstMark: s.InitialMark, PageSize: s.PageSize,
		Buffer: s.Buffer + coarse, Lookback: s.Lookback + coarse, Strict: s.Strict, Unsorted: !s.Sorted, Unpaged: s.Unpaged, Repeat: s.RepeatParams,
		InitialID: s.InitialID, StepSize: s.StepSize, MaxID: s.MaxID,
		Pager: s.Pages, Values: s.ForEach.Values, Parents: s.ForEach.Stream != "", Changed: s.ForEach.Stream != "" && s.ForEach.When == WhenChanged, FirstPage: s.FirstPage, LastRow: s.LastRow, Step: s.Step, Lag: s.Lag, MaxAge: s.MaxAge,
		Params: s.paramNames(), OrderBy: s.OrderBy, TokenPlace: s.TokenPlace(), Ends: s.ends(),
	}, nil
}

// coarse is by how much the requests' lower bound may lie below the one that the strategy asks with, because
// it is written in a coarser format: so far back rows come again (rule 27).
func (s *Stream) coarse() time.Duration {
	if !slices.Contains(s.placed, string(request.Since)) {
		return 0
	}
	t, err := s.Template()
	if err != nil {
		return 0 // not a stream that Load made
	}
	return time.Duration(t.Granule(request.Since)) * time.Microsecond
}

// Same reports whether the stream is configured as another one is, wherever they stand in their files.
func (s *Stream) Same(other Stream) bool {
	own := *s
	own.Pos, other.Pos = Position{}, Position{}
	return reflect.DeepEqual(own, other)
}

// TokenPlace says where answers have what leads to the next page; empty: nowhere.
func (s *Stream) TokenPlace() string {
	if s.TokenHeader != "" {
		return "header " + s.TokenHeader
	}
	return s.TokenPath
}

// Traits are those of the stream's strategy.
func (s *Stream) Traits() strategies.Traits { return strategies.TraitsOf(s.Strategy) }

// FromStart reports whether the first sweep leaves out no row for being too old.
func (s *Stream) FromStart() bool { return s.InitialMark == "" || s.InitialMark == firstMark }

// Ends reports whether a word stands in the stream's end.
func (s *Stream) Ends(word string) bool { return slices.Contains(s.End, word) }

// ends is what the strategy itself has to know of the stream's end.
func (s *Stream) ends() strategies.Ends {
	e := strategies.Ends{Token: s.Ends(EndToken), EmptyPage: s.Ends(EndEmptyPage), RepeatedPage: s.Ends(EndRepeatedPage), ShortPage: s.Ends(EndShortPage)}
	for _, word := range s.End {
		if n, err := strconv.Atoi(word); err == nil && n >= 400 {
			e.Statuses = append(e.Statuses, n)
		}
	}
	return e
}

// Back is how far behind its mark the stream reads again, for how long its topic has to keep
// what it holds (rule 11). What nobody asked for, the default of seconds, asks nothing
// of a topic: a broker's cleaner does not come round so often.
func (s *Stream) Back() time.Duration {
	coarse, traits := s.coarse(), s.Traits()
	back := s.Lookback + coarse
	switch {
	case traits.ByID, traits.All:
		return 0
	case traits.Buffered:
		back = max(s.Buffer+coarse, back)
	}
	if back <= lookback {
		return 0
	}
	return back
}

// identity is that by which a row is known.
func (s *Stream) identity() any {
	switch {
	case s.RowHash:
		return []string{}
	case len(s.PrimaryKey) > 1:
		return s.PrimaryKey
	}
	return s.IDField
}

// Fingerprint is a hash of what a stored mark depends on (rule 19): the fields of the key, cursor
// field, its format and zone, the fixed query parameters (those in the URL too) and the topic.
// It is the same on every machine and in every version.
//
// Strategy, host and path are left out, so that a stream can change its strategy, and
// with it the endpoint, and keep its mark. The parameters' values count because they
// choose the rows; a credential that is renewed belongs in a header, which does not. Of a request's
// templates the parameters and the body count, less the formats.
func (s *Stream) Fingerprint() string {
	all := []any{"tidemark stream 1", s.identity(), s.CursorField, s.CursorFormat, s.filters(), s.Topic}
	// What came later stands behind, and only where it says something.
	if s.Records == RecordsByKey {
		all = append(all, map[string]string{"key_field": s.KeyField})
	}
	if s.Where != "" {
		all = append(all, map[string]string{"where": s.Where})
	}
	if origins := s.origins(); len(origins) > 0 { // another field by the same name
		all = append(all, map[string]any{"shape": origins})
	}
	if s.ForEach.Sliced() { // the rows of a new value may lie behind the mark
		all = append(all, map[string]any{"for_each": s.ForEach.fingerprint()})
	}
	if len(s.MoreFormats) > 0 || s.Zone != "" {
		all = append(all, s.MoreFormats, s.Zone)
	}
	if text := s.Request.text(); text != "" {
		all = append(all, map[string]string{"request": text})
	}
	if written := s.written(); len(written) > 0 { // a topic holds records of one form
		all = append(all, written)
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic("config: strings do not marshal: " + err.Error()) // they always do
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
