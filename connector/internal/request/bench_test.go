package request

import "testing"

// BenchmarkBuild makes the request of a question for a page in the middle of a sweep, by a stream's own parameters.
func BenchmarkBuild(b *testing.B) {
	names := map[Role]string{
		Since: "updatedAt", Until: "until", Token: "scroll_param", Limit: "limit", Offset: "offset", OrderBy: "order_by",
		OrderType: "order_type", StartID: "start_id", EndID: "end_id",
	}
	t, err := Flat("http://127.0.0.1:5001/pagination/keyset", map[string]string{"active": "true"}, names)
	if err != nil {
		b.Fatal(err)
	}
	q := Question{{Role: Since, Text: "2024-01-01T00:00:00.000000Z"}, {Role: OrderBy, Text: "updatedAt"}, {Role: OrderType, Text: "asc"}, {Role: Limit, Text: "50"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Build(q); err != nil {
			b.Fatal(err)
		}
	}
}
