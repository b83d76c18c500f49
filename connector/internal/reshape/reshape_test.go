package reshape

import (
	"fmt"
	"strings"
	"testing"
)

func TestLands(t *testing.T) {
	flat := Flatten{On: true, Separator: "_"}
	for _, c := range []struct {
		spec       Spec
		path, want string
	}{
		{Spec{}, "a.b", "a.b"},
		{Spec{Rename: map[string]string{"a": "x", "a.b": "y"}}, "a.b.c", "x.y.c"},
		{Spec{Flatten: flat}, "a", "a"},
		{Spec{Flatten: flat}, "a.b.c", "a.b.c a_b.c a_b_c"},
		{Spec{Flatten: Flatten{On: true, Separator: "_", Depth: 1}}, "a.b.c", "a.b.c a_b.c"},
		{Spec{Flatten: flat, Rename: map[string]string{"a": "x"}}, "a.b", "x.b x_b"},
		{Spec{Flatten: flat, Rename: map[string]string{"a.b": "x"}}, "a.b.c", "a.x.c x.c x_c"},
	} {
		if got := strings.Join(c.spec.Lands(c.path), " "); got != c.want {
			t.Errorf("%+v: %s lands at %s, want %s", c.spec, c.path, got, c.want)
		}
	}
}

func TestConstants(t *testing.T) {
	for value, want := range map[string]string{
		`1`: `1`, `"x"`: `"x"`, `"{parent.value}-{parent.value}"`: `"a\"b-a\"b"`, `"{1} {\"a\": 2} \u007bparent.value}"`: `"{1} {\"a\": 2} \u007bparent.value}"`,
	} {
		c := Constant{Name: "c", Value: value}
		if message, _ := c.wrong(); message != "" || c.For(`a"b`) != want {
			t.Errorf("%s is %s, want %s; %s", value, c.For(`a"b`), want, message)
		}
	}
	for value, want := range map[string]string{`"{now}"`: "changes with each reading", `"at {observed_at:date}"`: "changes with each reading", `"{ {x}"`: "not known", `"{parent.value} {url}"`: "not known"} {
		c := Constant{Name: "c", Value: value}
		if message, _ := c.wrong(); !strings.Contains(message, want) {
			t.Errorf("%s: %q, want %s", value, message, want)
		}
	}
}

// What goes together: config's files of wrong ones have the rest.
func TestProblems(t *testing.T) {
	hash := Mask{Method: Hash, Key: "0123456789abcdef"}
	for _, c := range []struct {
		spec Spec
		uses string
		want string
	}{
		{Spec{}, "id", "[]"},
		{Spec{Mask: map[string]Mask{"email": hash}, Rename: map[string]string{"email": "mail"}}, "id", "[]"},
		{Spec{Mask: map[string]Mask{"email": hash}, Rename: map[string]string{"email": "id"}}, "id", "[mask email]"},
		{Spec{Mask: map[string]Mask{"a.b": hash}, Flatten: Flatten{On: true, Separator: "_"}}, "a_b", "[mask a.b]"},
		{Spec{Mask: map[string]Mask{"a.b": hash}}, "a_b", "[]"},
		{Spec{Drop: []string{"a"}}, "a.b", "[drop a]"},
		{Spec{Drop: []string{"a.b"}}, "a", "[]"},
		{Spec{Drop: []string{"a", "a"}}, "id", "[drop a]"},
		{Spec{Rename: map[string]string{"id": "x"}}, "id", "[rename id]"},
		{Spec{Rename: map[string]string{"id": "x", "y": "id"}}, "id", "[]"},
		{Spec{Rename: map[string]string{"a.x": "n", "b.x": "n"}}, "id", "[]"},
		{Spec{Rename: map[string]string{"a.x": "n", "a.y": "n"}}, "id", "[rename a.y]"},
	} {
		var got []string
		for _, p := range c.spec.Problems([]Use{{"primary_key", c.uses, "which is why"}}, false) {
			got = append(got, p.Section+" "+p.Name)
			if p.Message == "" || p.Hint == "" {
				t.Errorf("%+v says nothing", p)
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%+v with key %s: %v, want %s", c.spec, c.uses, got, c.want)
		}
	}
}
