package nodes

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

var loose = Limits{Depth: 8, Tokens: 200, Merged: 6}

// written shows a value with all places.
func written(n *Node) string {
	switch n.Kind {
	case List:
		var all []string
		for _, item := range n.Items {
			all = append(all, written(item))
		}
		return "[" + strings.Join(all, " ") + "]@" + n.At.String()
	case Object:
		var all []string
		for _, e := range n.Entries {
			all = append(all, fmt.Sprintf("%s@%s=%s", e.Key, e.At, written(e.Value)))
		}
		return "{" + strings.Join(all, " ") + "}@" + n.At.String()
	}
	return fmt.Sprintf("%d:%s@%s", n.Kind, n.Text, n.At)
}

func TestYAML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: [x, true]\n":                    "{a@1:1=2:1@1:4 b@2:1=[3:x@2:5 1:true@2:8]@2:4}@1:1",
		"a: &x {k: 1}\nb: *x\n":                   "{a@1:1={k@1:8=2:1@1:11}@1:7 b@2:1={k@1:8=2:1@1:11}@1:7}@1:1",
		"x: &x {k: 1, l: 2}\na: {<<: *x, k: 3}\n": "{x@1:1={k@1:8=2:1@1:11 l@1:14=2:2@1:17}@1:7 a@2:1={k@2:13=2:3@2:16 l@1:14=2:2@1:17}@2:4}@1:1",
		"a: !!str 12\n":                           "{a@1:1=3:12@1:9}@1:1",
		"é: ü\n":                                  "{é@1:1=3:ü@1:4}@1:1",
		"- a\n- b: |\n    two\n    lines\n":       "[3:a@1:3 {b@2:3=3:two\nlines\n@2:6}@2:3]@1:1",
		"a:\n  # nothing\nb: ~\n":                 "{a@1:1=0:@1:3 b@3:1=0:@3:4}@1:1",
		`{"a": [1, null], "b": {"c": "x: {y}"}}`:  "{a@1:2=[2:1@1:8 0:@1:11]@1:7 b@1:18={c@1:24=3:x: {y}@1:29}@1:23}@1:1",
		"k: 1\nk: 2\n":                            "{k@1:1=2:1@1:4 k@2:1=2:2@2:4}@1:1",
	} {
		n, err := YAML([]byte(text), loose)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := written(n); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Error{
		"a: [1\n":                             {Fault: Syntax, What: "the file is not YAML"},
		"":                                    {Fault: Empty, What: "empty"},
		"a: 1\n---\nb: 2\n":                   {At: Place{3, 2}, Fault: Second, What: "second document"},
		"a: " + strings.Repeat("[", 9):        {At: Place{1, 12}, Fault: Deep, What: "too deep"},
		"a: " + strings.Repeat("- ", 9) + "x": {Fault: Deep, What: "too deep"},
		"a: *no\n":                            {At: Place{1, 4}, Fault: Strange, What: "no anchor &no"},
		"a: !!binary x\n":                     {At: Place{1, 4}, Fault: Strange, What: "tags"},
		"a: {<<: 3}\n":                        {At: Place{1, 9}, Fault: Strange, What: "only a section"},
		strings.Repeat("k: 1\n", 100):         {Fault: Large, What: "too much"},
		"x: &x {a: 1, b: 2, c: 3, d: 4}\ny: {<<: *x}\nz: {<<: *x}\n": {Fault: Large, What: "merges"},
	} {
		n, err := YAML([]byte(text), loose)
		if n != nil || err == nil || err.Fault != want.Fault || !strings.Contains(err.Error(), want.What) || want.At.Line > 0 && err.At != want.At {
			t.Errorf("%.40q: %v, wanted %v", text, err, &want)
		}
	}
	if _, err := YAML([]byte("a: !!binary x\n---\nb"), Limits{Depth: 8, Lenient: true}); err != nil {
		t.Errorf("a lenient reader refuses tags and further documents: %v", err)
	}
	for text, at := range map[string]Place{"{\"a\": 1,\n \"b\" 2}": {2, 6}, "{\"a\": [1,": {1, 10}, "/* x": {1, 1}, " ": {1, 1}, `{"a": [[[[[[[[[1]]]]]]]]]}`: {1, 15}} {
		if _, err := JSON([]byte(text), loose); err == nil || err.At != at {
			t.Errorf("%q: %v, wanted a fault at %s", text, err, at)
		}
	}
}

// What is JSON is the same value read as YAML, with the places of one line of either.
func TestJSON(t *testing.T) {
	t.Parallel()
	text := []byte("{\"a\": [1, -2.5e3, true, null, \"é\\n\"], // said\n \"b\": {\"c\": {}, \"d\": [],},}")
	n, err := JSON(text, loose)
	if err != nil {
		t.Fatal(err)
	}
	const want = "{a@1:2=[2:1@1:8 2:-2.5e3@1:11 1:true@1:19 0:@1:25 3:é\n@1:31]@1:7 b@2:2={c@2:8={}@2:13 d@2:17=[]@2:22}@2:7}@1:1"
	if got := written(n); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	plain := []byte(`{"a": [1, true, null, "x"], "b": {"c": {}, "d": []}}`)
	one, err := JSON(plain, loose)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Any(plain, loose)
	if err != nil || !reflect.DeepEqual(one, two) {
		t.Errorf("%v, %s", err, written(two))
	}
	if three, err := YAML(plain, loose); err != nil || !reflect.DeepEqual(one, three) {
		t.Errorf("%v\ngot  %s\nwant %s", err, written(three), written(one))
	}
}

// Whatever a text is, it is read, or has a fault within it.
func FuzzNodes(f *testing.F) {
	for _, text := range []string{"a: 1", "- &a [*a]", "<<: {a: b}", "{\"a\": [1]}", "? a\n: b", "a: |\n  b\n c", "!!str", "%YAML 1.2\n---\n", "/**/{}", "a: >\r\n\r\n", "[,]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Split(string(data), "\n")
		for name, read := range map[string]func([]byte, Limits) (*Node, *Error){"YAML": YAML, "JSON": JSON, "any": Any} {
			n, err := read(data, loose)
			if (n == nil) == (err == nil) {
				t.Fatalf("%s: %v, %v", name, n, err)
			}
			if err != nil && (err.What == "" || err.At.Line < 1 || err.At.Line > len(lines) || err.At.Column < 1 || err.At.Column > len([]rune(lines[err.At.Line-1]))+1) {
				t.Errorf("%s: a fault outside of the text: %v", name, err)
			}
		}
	})
}
