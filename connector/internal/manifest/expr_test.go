package manifest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tidemark/connector/internal/nodes"
)

func (e *expr) String() string {
	if e == nil {
		return "-"
	}
	var args []string
	for _, a := range e.args {
		args = append(args, a.String())
	}
	inner := strings.Join(args, " ")
	switch e.op {
	case opLiteral:
		if e.kind == nodes.Text {
			return "'" + e.text + "'"
		}
		return e.text + map[bool]string{true: "none"}[e.kind == nodes.Null]
	case opName:
		return e.text
	}
	words := map[operator]string{opGet: "get", opCall: "call", opNamed: "named", opFilter: "filter", opTest: "is", opNot: "not", opAnd: "and", opOr: "or", opCompare: "cmp",
		opIf: "if", opList: "list", opDict: "dict", opMath: "math", opSlice: "slice"}
	text := e.text
	if e.op == opAnd || e.op == opOr {
		text = "" // it is the word itself
	}
	return "(" + strings.TrimSpace(words[e.op]+" "+strings.TrimSpace(text+" "+inner)) + ")"
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		` config['a'] `:                      `(get config 'a')`,
		`config.a.b`:                         `(get (get config 'a') 'b')`,
		`config.get('a', {}).get("b")`:       `(get (get config 'a' (dict)) 'b')`,
		`not a and b or c`:                   `(or (and (not a) b) c)`,
		`a if b else c if d`:                 `(if b a (if d c -))`,
		`'x' not in y`:                       `(not (cmp in 'x' y))`,
		`a is not none or a is defined`:      `(or (not (is none a)) (is defined a))`,
		`a | int * 1000`:                     `(math * (filter int a) 1000)`,
		`-1`:                                 `-1`,
		`xs[-1].id`:                          `(get (get xs -1) 'id')`,
		`x[1:-1]`:                            `(slice x:x x 1 -1)`,
		`f(a, b='c')`:                        `(call f a (named b 'c'))`,
		`'a' 'b' ~ c`:                        `(math ~ 'ab' c)`,
		`x == 'it\'s'`:                       `(cmp == x 'it's')`,
		`{'a': [1, 2.5], "b": None}`:         `(dict 'a' (list 1 2.5) 'b' none)`,
		`now_utc().strftime('%Y')`:           `(call (get (call now_utc) 'strftime') '%Y')`,
		`a == b != c`:                        `(cmp != (cmp == a b) c)`,
		`True and False`:                     `(and True False)`,
		`'\d\n'`:                             `'\d` + "\n'",
		``:                                   `''`,
		`(a or b)['k']`:                      `(get (or a b) 'k')`,
		`x | default('d') | string`:          `(filter string (filter default x 'd'))`,
		`response.links.next.split('=')[1]`:  `(get (call (get (get (get response 'links') 'next') 'split') '=') 1)`,
		`not x is none`:                      `(not (is none x))`,
		`(next_page_token['t'] or 0) + 1`:    `(math + (or (get next_page_token 't') 0) 1)`,
		`a <= b`:                             `(cmp <= a b)`,
		`response.get('a')|tojson() if x`:    `(if x (filter tojson (get response 'a')) -)`,
		`config["key with blanks"]["ünïcö"]`: `(get (get config 'key with blanks') 'ünïcö')`,
	} {
		e, err := parseExpr(of)
		if err != nil {
			t.Errorf("%s: %v", of, err)
		} else if got := e.String(); got != want {
			t.Errorf("%s is %s, want %s", of, got, want)
		}
	}
	for _, of := range []string{`a.`, `a[`, `a[]`, `(a`, `'a`, `a b`, `{1}`, `a if`, `f(a`, `a ? b`, `a is`, `a | `, strings.Repeat("(", 1000), strings.Repeat("-", 1000) + "1", `a[1 2]`, `{1: 2 3}`} {
		if e, err := parseExpr(of); err == nil {
			t.Errorf("%s is taken for %s", of, e)
		}
	}
}

func TestFragments(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		`plain {text}`:                          `plain {text}`,
		`a{{ x }}b{{y}}`:                        `a<x>b<y>`,
		`{{ {'a': {'b': 1}} }}`:                 `<(dict 'a' (dict 'b' 1))>`,
		`{{ '}}' }}`:                            `<'}}'>`,
		"a \n{{- x -}}\n b":                     `a<x>b`,
		`{% if a %}b{% endif %}`:                `%if a%b%endif%`,
		`a{# it's a remark #}b`:                 `ab`,
		`{"a": {{ x }}}`:                        `{"a": <x>}`,
		`/x/{{ stream_slice['a'] }}/y?z={{b}}&`: `/x/<(get stream_slice 'a')>/y?z=<b>&`,
	} {
		parts, err := fragments(of)
		if err != nil {
			t.Errorf("%s: %v", of, err)
			continue
		}
		var got strings.Builder
		for _, f := range parts {
			switch {
			case f.statement:
				got.WriteString("%" + f.source + "%")
			case f.expr != nil:
				got.WriteString("<" + f.expr.String() + ">")
			default:
				got.WriteString(f.literal)
			}
		}
		if got.String() != want {
			t.Errorf("%s is %s, want %s", of, got.String(), want)
		}
	}
	for _, of := range []string{`{{ a`, `{% a`, `{{ 'a }}`, `{{ a b }}`} {
		if _, err := fragments(of); err == nil {
			t.Errorf("%s is taken", of)
		}
	}
}

// No text trips the reader of templates; what it takes for literals is in the text.
func FuzzFragments(f *testing.F) {
	for _, s := range []string{`a{{ config['x'] }}b`, `{{ a if b else c }}`, `{% x %}`, `{{ {'a': 1} | tojson }}`, `{{- x[1:] -}}`, `{# #}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := fragments(s)
		if err != nil {
			return
		}
		for _, p := range parts {
			if !strings.Contains(s, p.literal) || utf8.ValidString(s) && !utf8.ValidString(p.source) {
				t.Errorf("%q has the part %q", s, p.literal)
			}
		}
	})
}
