package strategies

import (
	"strconv"
	"strings"
	"testing"
)

func TestLearnLimit(t *testing.T) {
	for message, want := range map[string]int{
		"Invalid value for 'limit'. It should be between 1 and 50.": 50,
		"limit must be at most 20":                                  20,
		"limit may be up to 30 rows":                                30,
		"maximum page size is 25":                                   25,
		"max limit: 40":                                             40,
		"Limit exceeds 75":                                          75,
		"per_page must be no more than 10":                          10,
		"limit must be less than or equal to 99":                    99,
		"limit should be <= 60":                                     60,
		"":                                                          0,
		"Invalid value for 'limit'":                                 0,
		"limit 100 is too large":                                    0,
		"should be between 1 and 100":                               0, // not exceeded, so that is not the trouble
		"should be between 1 and 5000":                              0,
		"must be at most 1":                                         0, // pages of one row cannot be read
		"must be at most 0":                                         0,
		"must be at most 99999999999999999999":                      0,
		"Unexpected query parameters: limit":                        0,
		"Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'": 0,
	} {
		s := mustNew(t, offsetSpec(100))
		c, ok := LearnLimit(s, Cursor{}, message)
		if ok != (want > 0) || c.PageLimit != want {
			t.Errorf("%q: %d, %v, want %d", message, c.PageLimit, ok, want)
		}
		if want == 0 {
			continue
		}
		if q := asked(s.Query(begin(t, s, c))); !strings.Contains(q, "limit="+strconv.Itoa(want)+"&") {
			t.Errorf("%q: asks %s", message, q)
		}
		if _, ok := LearnLimit(s, c, message); ok {
			t.Errorf("%q: learnt twice, so the request would be repeated for ever", message)
		}
	}
	if _, ok := LearnLimit(mustNew(t, playgroundSpec(Keyset)), Cursor{}, "at most 20"); ok {
		t.Error("keyset has no limit to learn")
	}
}
