package strategies

import (
	"testing"
	"time"
)

// A row that changes all the while lies behind the time at which a scan began. A scan that has to be sure
// shows it, or it would be taken for deleted (P9).
func TestVerifiedWindowShowsWhatChanges(t *testing.T) {
	for _, pager := range []string{Unpaged, ByNumber, ByOffset, ByToken} {
		t.Run(pager, func(t *testing.T) {
			spec := Spec{Strategy: Window, Format: RFC3339, Pager: pager, FirstPage: 1, TokenPlace: "next", FirstMark: at(-5), Step: 3 * time.Second, Lag: 2 * time.Second,
				Repeat: true, Params: ParamNames{Since: "since", Until: "until", Token: "token", Page: "page", Offset: "offset"}}
			s, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			api := &listAPI{spec: spec, size: 2, order: "rising", ends: "null", tokens: map[string]int{}}
			for range 6 {
				api.insert(0)
			}
			c, err := s.Begin(Cursor{Version: 1, Strategy: Window}, time.UnixMicro(noon).Add(6*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			r := newListReader(s, api)
			r.c = Verified(c)
			changes := 4 // then it rests, and two passes can agree
			if err := r.sweep(func() {
				if changes--; changes > 0 {
					api.update(3, 0)
				}
			}, 100); err != nil {
				t.Fatal(err)
			}
			if len(r.topic) != 6 {
				t.Errorf("%d of 6 rows were shown:\n%v", len(r.topic), r.trail)
			}
		})
	}
}
