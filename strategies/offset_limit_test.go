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
		"per_page cannot be higher than 20":                                   20,
		"limit cannot be greater than 50":                                     50,
		"Page size must not be more than 25.":                                 25,
		"'limit' can't be larger than the allowed maximum of 30":              30,
		"pageSize must not exceed 40":                                         40,
		"Page size exceeds the maximum allowed value of 75":                   75,
		"page_size 100 exceeds maximum 60":                                    60,
		"The limit value 100 is greater than the maximum 80":                  80,
		"Input should be less than or equal to 99":                            99,
		"ensure this value is less than or equal to 50":                       50,
		"must be <= 20":                                         20,
		"limit must be ≤ 20":                                    20,
		"limit must be less than 51":                            50,
		"limit should be lower than or equal to 30":             30,
		"must be greater than 0 and less than 51":               50,
		"must be greater than 50":                               0,
		"per_page must be in the range [1, 50]":                 50,
		"limit is out of range: 1-50":                           50,
		"Valid values: 1 to 50":                                 50,
		"limit must be in 1..50":                                50,
		"limit must be between 1 & 50":                          50,
		"Only 20 items may be requested at a time":              20,
		"the limit is 30":                                       30,
		"limited to 30 records per request":                     30,
		"page_size too large (max 50)":                          50,
		"max. 50 items per page":                                50,
		"The maximum number of rows that can be returned is 50": 50,
		"50 is the maximum page size":                           50,
		"maxResults=50":                                         50,
		"no greater than 50":                                    50,
		"Value '100' is above the upper limit of '50'":          50,
		"limit must be at most 1,000":                           0,
		"Rate limit exceeded, retry in 30 seconds":              0,
		"Invalid cursor 20":                                     0,
		"error 42: bad request":                                 0,
		"Unknown field limit":                                   0,
		"Result window is too large, from + size must be less than or equal to: [10000] but was [10050]": 0,
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
	// Numbers of a message in JSON count where its words say nothing, and those that are no limit don't.
	s := mustNew(t, offsetSpec(100))
	for _, c := range []struct {
		message string
		fields  []int
		want    int
	}{{"invalid", []int{20}, 20}, {"must be at most 30", []int{20}, 30}, {"invalid", []int{100, 1, 50}, 50}, {"invalid", []int{100}, 0}} {
		if got, _ := LearnLimit(s, Cursor{}, c.message, c.fields...); got.PageLimit != c.want {
			t.Errorf("%q, %v: %d, want %d", c.message, c.fields, got.PageLimit, c.want)
		}
	}
	// What is said of the offset is no page size.
	deep, at := placed[CountPosition](begin(t, s, Cursor{}), byCount)
	at.Offset = 90
	if got, ok := LearnLimit(s, deep, "offset must be at most 50"); ok {
		t.Errorf("an offset's bound is taken for a page size: %d", got.PageLimit)
	}
	if _, ok := LearnLimit(mustNew(t, playgroundSpec(Keyset)), Cursor{}, "at most 20"); ok {
		t.Error("keyset has no limit to learn")
	}
}
