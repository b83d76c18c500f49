package rest

import (
	"slices"
	"testing"
)

// Errors as frameworks write them.
func TestLimitsOf(t *testing.T) {
	for body, want := range map[string][]int{
		`{"detail":[{"type":"less_than_equal","loc":["query","limit"],"msg":"Input is wrong","input":"500","ctx":{"le":100}}]}`: {100},
		`{"detail":[{"loc":["query","limit"],"type":"value_error","ctx":{"limit_value":50}}]}`:                                  {50},
		`[{"keyword":"maximum","params":{"comparison":"<=","limit":100},"message":"invalid"}]`:                                  {100},
		`{"issues":[{"code":"too_big","maximum":100,"type":"number","inclusive":true,"path":["limit"]}]}`:                       {100},
		`{"error":{"field":"per_page","constraints":{"min":1,"max":"200"}}}`:                                                    {200},
		`{"error":"bad_limit","maxPageSize":25}`:                                                                                {25},
		`{"error":"bad_limit","value":500,"code":42,"status":400}`:                                                              nil,
		`{"max":1.5}`:     nil,
		`not JSON, max 5`: nil,
		`{"max":`:         nil,
	} {
		if got := limitsOf([]byte(body)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}
