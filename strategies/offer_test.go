package strategies

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// What an API is known to offer decides which strategy is recommended; what is not known changes nothing.
func TestRecommend(t *testing.T) {
	every := func(Role) bool { return true }
	only := func(roles ...Role) func(Role) bool {
		return func(r Role) bool {
			for _, o := range roles {
				if o == r {
					return true
				}
			}
			return false
		}
	}
	nothing := Offer{Filter: Unknown, Rises: Unknown, Falls: Unknown, Whole: Unknown, Carries: every}
	rising := Offer{Filter: Yes, Rises: Yes, Falls: No, Whole: No, Pages: ByToken, Carries: every}
	falling, unfiltered, skipping, mixed := rising, rising, rising, rising
	falling.Rises, falling.Falls = No, Yes
	mixed.Rises = No
	unfiltered.Filter, unfiltered.Rises, unfiltered.Falls = No, No, Yes
	skipping.Rises, skipping.Skips = No, Yes
	whole := Offer{Filter: Yes, Rises: No, Falls: No, Whole: Yes, Pages: Unpaged, Carries: every}
	byOffset := rising
	byOffset.Pages = ByOffset
	for _, tt := range []struct {
		name, now string
		offer     Offer
		want      string // "?": not sure; "": nothing fits
	}{
		{"all that it needs", Keyset, rising, "keyset"},
		{"a better one", Snapshot, rising, "keyset"},
		{"nothing is known", Keyset, nothing, "keyset?"},
		{"nothing is known", Feed, nothing, "feed?"},
		{"newest first", Keyset, falling, "sweep"},
		{"no order", Timestamp, mixed, "sweep"},
		{"no filter, newest first", Keyset, unfiltered, "feed"},
		{"tokens that skip", Changes, skipping, ""},
		{"one answer", Keyset, whole, "timestamp"},
		{"one answer", Replay, whole, "replay"},
		{"by offset", Keyset, byOffset, "offset"},
		{"by offset, and no place for a limit", Keyset, func() Offer {
			o := byOffset
			o.Carries = only(RoleSince, RoleOffset)
			return o
		}(), "timestamp"},
		{"by id", StepSize, rising, "step_size?"},
		{"no such strategy", "fastest", rising, "keyset"},
	} {
		t.Run(tt.name+" "+tt.now, func(t *testing.T) {
			r, sure, ok := Recommend(tt.now, tt.offer)
			got := r.Name
			if ok && !sure {
				got += "?"
			}
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A strategy that is known not to fit is never recommended, and one that is known to fit is never given up for another
// that is not.
func TestLawRecommend(t *testing.T) {
	tri := rapid.SampledFrom([]Tri{Yes, No, Unknown})
	rapid.Check(t, func(t *rapid.T) {
		roles := map[Role]bool{}
		for _, r := range Roles() {
			roles[r] = rapid.Bool().Draw(t, string(r))
		}
		o := Offer{
			Filter: tri.Draw(t, "filter"), Rises: tri.Draw(t, "rises"), Falls: tri.Draw(t, "falls"), Whole: tri.Draw(t, "whole"), Skips: tri.Draw(t, "skips"),
			Pages: rapid.SampledFrom(append(Pagers(), "")).Draw(t, "pages"), Carries: func(r Role) bool { return roles[r] },
		}
		now, _ := Of(rapid.SampledFrom(Names()).Draw(t, "now"))
		r, sure, ok := Recommend(now.Name, o)
		switch fits := r.fits; {
		case !ok:
			if now.Fits(o) != No {
				t.Fatalf("nothing is recommended, and %s may fit", now.Name)
			}
		case fits == nil || r.Fits(o) == No:
			t.Fatalf("%s is recommended, which does not fit", r.Name)
		case sure != (r.Fits(o) == Yes), r.Name != now.Name && !sure:
			t.Fatalf("%s instead of %s, sure: %v", r.Name, now.Name, sure)
		}
	})
}

func ExampleSaysFilter() {
	fmt.Println(SaysFilter(FilterInclusive))
	fmt.Println(SaysFilter(FilterStrict))
	fmt.Println(SaysFilter(FilterDays))
	// Output:
	// its filter is >=
	// its filter is > and not >=
	// it compares whole days
}
