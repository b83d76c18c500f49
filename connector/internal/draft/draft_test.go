package draft

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

func TestRender(t *testing.T) {
	t.Parallel()
	f := File{Comment: []string{"A first line", "", "two\nlines"}}
	f.Top.Set("kafka", Section{}, "")
	f.Top.Set("apis", Section{{Key: "crm", Value: Section{
		{Key: "url", Value: "https://crm.example/v2"},
		{Key: "headers", Value: Section{{Key: "X-Key", Value: Env("${CRM_KEY}"), Comment: "secret"}, {Key: "X-Price", Value: "${5}"}}},
		{Key: "rate_limit", Value: List{Section{{Key: "requests", Value: 5}, {Key: "per", Value: "1m"}}}},
	}}}, "what all share")
	users := Stream{Outcome: Outcome{Name: "users", Translated: true, Assumed: []string{"ids are unique"}, Unknown: []string{"whether pages are sorted"}}, Schema: "{}"}
	users.Settings.Set("strategy", "snapshot", "neither filter nor order")
	users.Settings.Set("strategy", "sweep", "")
	users.Settings.Set("primary_key", List{"a.b", "yes", int64(7)}, "")
	users.Settings.Set("max_delete_ratio", 0.25, "")
	users.Settings.Set("sorted", false, "")
	f.Streams = []Stream{users, Refused("blobs", "answers are CSV", "12:4")}
	const want = `# A first line
#
# two lines
kafka: {}
# what all share
apis:
  crm:
    url: "https://crm.example/v2"
    headers:
      # secret
      X-Key: "${CRM_KEY}"
      X-Price: "$${5}"
    rate_limit:
      - requests: 5
        per: "1m"
streams:
  # assumed: ids are unique
  # not known: whether pages are sorted
  # to find out: tidemark probe -c out/tidemark.yaml users
  - name: users
    strategy: sweep
    primary_key: [a.b, "yes", 7]
    max_delete_ratio: 0.25
    sorted: false
    schema: schemas/users.avsc
  # blobs is left out: answers are CSV (12:4)
`
	if got := string(f.Render("out/tidemark.yaml")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := f.Translated(); n != 1 {
		t.Errorf("%d streams are translated", n)
	}
	if got := users.Settings.Get("sorted"); got != false || users.Settings.Get("none") != nil {
		t.Errorf("Get: %v", got)
	}
	if got := string((&File{Streams: f.Streams[1:]}).Render("x")); strings.Contains(got, "streams:") {
		t.Errorf("a file without streams has a list of them:\n%s", got)
	}
}

// What is rendered is read back as it was, whatever keys and texts there are.
func TestLawRenderedIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-0-9.eExX:_~!&*#%@|>{}\[\]", a-fA-F]{0,8}`))
		scalar := rapid.OneOf(rapid.Map(text, func(s string) any { return strings.ReplaceAll(s, "${", "") }),
			rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Map(rapid.Int(), func(n int) any { return n }))
		var value func(depth int) *rapid.Generator[any]
		section := func(depth int) *rapid.Generator[Section] {
			return rapid.Custom(func(t *rapid.T) (s Section) {
				for i := range rapid.IntRange(0, 3).Draw(t, "keys") {
					s.Set(text.Draw(t, "key"), value(depth-1).Draw(t, "value"), rapid.SampledFrom([]string{"", "a: b # c\n- d"}).Draw(t, "comment"))
					_ = i
				}
				return s
			})
		}
		value = func(depth int) *rapid.Generator[any] {
			if depth <= 0 {
				return scalar
			}
			return rapid.OneOf(scalar, rapid.Map(section(depth), func(s Section) any { return s }),
				rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(l []any) any { return List(l) }))
		}
		f := File{Top: section(3).Draw(t, "top")}
		f.Streams = []Stream{{Outcome: Outcome{Name: "s", Translated: true}, Settings: section(3).Draw(t, "settings")}}
		out := f.Render("x")
		var got yaml.MapSlice
		if err := yaml.UnmarshalWithOptions(out, &got, yaml.UseOrderedMap()); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := append(Section{}, f.Top...)
		want = append(want, Setting{Key: "streams", Value: List{append(Section{{Key: "name", Value: "s"}}, f.Streams[0].Settings...)}})
		if !alike(got, want) {
			t.Fatalf("got %#v\nof\n%s", got, out)
		}
	})
}

// alike compares what YAML has read with what was to be written.
func alike(got, want any) bool {
	switch want := want.(type) {
	case Section:
		m, ok := got.(yaml.MapSlice)
		if !ok || len(m) != len(want) {
			return false
		}
		for i, x := range want {
			if m[i].Key != x.Key || !alike(m[i].Value, x.Value) {
				return false
			}
		}
		return true
	case List:
		l, ok := got.([]any)
		if !ok || len(l) != len(want) {
			return false
		}
		for i := range want {
			if !alike(l[i], want[i]) {
				return false
			}
		}
		return true
	case int:
		switch n := got.(type) {
		case uint64:
			return want >= 0 && n == uint64(want)
		case int64:
			return n == int64(want)
		}
		return false
	}
	return got == want
}

func TestName(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		"users": "users", "Sales Orders (EU)": "Sales_Orders_EU", "../../etc": "etc", "": "stream", "…": "stream", "a/b": "a_b", "v1.users": "v1.users",
		strings.Repeat("x", 300): strings.Repeat("x", longestName),
	} {
		if got := Name(of); got != want {
			t.Errorf("%q becomes %q, want %q", of, got, want)
		}
	}
}
