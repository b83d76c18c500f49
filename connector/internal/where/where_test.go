package where

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func is(kind Kind, text string) Value { return Value{kind, []byte(text)} }

var row = map[string]Value{
	"status": is(Text, "active"), "amount": is(Number, "12.50"), "price": is(Text, "9.90"), "deleted": is(Boolean, "false"),
	"owner.id": is(Number, "7"), "tags": is(Nested, ""), "none": {}, "empty": is(Text, ""), "big": is(Number, "9007199254740993"),
	"odd name.x": is(Text, "it's"), "flag": is(Text, "true"), "7up": is(Number, "-0"),
}

func match(e *Expr) bool {
	values := make([]Value, len(e.Fields))
	for i, f := range e.Fields {
		values[i] = row[f]
	}
	return e.Match(values)
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"status = 'active'":            true,
		"status != 'active'":           false,
		"status='draft'":               false,
		"status < 'b'":                 true,
		"status >= 'active'":           true,
		"status > 'active'":            false,
		"status <= 'abc'":              false,
		"status = 7":                   false,
		"status < 7":                   false,
		"status >= 7":                  false,
		"amount = 12.5":                true,
		"amount = 125e-1":              true,
		"amount = '12.50'":             true,
		"amount = '12.5'":              false,
		"amount < '2'":                 false,
		"amount > 12.49":               true,
		"amount > -12.6":               true,
		"amount < 1e2":                 true,
		"price > 9":                    true,
		"price < 10":                   true,
		"empty < 1":                    false,
		"empty = ''":                   true,
		"empty is null":                false,
		"big = 9007199254740992":       false,
		"big > 9007199254740992":       true,
		"deleted = false":              true,
		"deleted = true":               false,
		"deleted = 'false'":            true,
		"deleted = 0":                  false,
		"flag = true":                  true,
		"owner.id = 7":                 true,
		"owner.id in (1, 7, 'x')":      true,
		"owner.id not in (1, 7)":       false,
		"owner.id in ('7')":            true,
		"status in ('draft','active')": true,
		"7up = 0":                      true,
		"none is null":                 true,
		"none is not null":             false,
		"missing is null":              true,
		"none = null":                  true,
		"none != null":                 false,
		"status != null":               true,
		"none != 'x'":                  true,
		"none = ''":                    false,
		"none < 5":                     false,
		"not none < 5":                 true,
		"tags = 'x'":                   false,
		"tags != 'x'":                  true,
		"tags is null":                 false,
		"`odd name.x` = 'it''s'":       true,
		"status = 'x' or amount > 1 and deleted=true":                        false,
		"(status = 'active' or amount > 1) and deleted = false":              true,
		"not status = 'x' and not (amount > 100 or price is null)":           true,
		"NOT Status IS NOT NULL":                                             true,
		"status = 'x' OR status = 'y' OR status\n=\t'active'":                true,
		"status = 'active' AND amount = 12.5 AND price = 9.9 AND none = 'x'": false,
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := match(e); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestFields(t *testing.T) {
	e, err := Parse("b.c = 1 and (a = 2 or b.c = 3) and not d is null")
	if err != nil || !slices.Equal(e.Fields, []string{"b.c", "a", "d"}) || !slices.Equal(e.Offsets, []int{0, 13, 39}) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]struct {
		at   int
		says string
	}{
		"":                       {0, "empty"},
		"  ":                     {0, "empty"},
		"status":                 {6, "the end stands where a comparison"},
		"status = ":              {9, "the end stands where a constant is wanted"},
		"status = draft":         {9, "a text stands in single quotes"},
		"status == 'x'":          {7, "write ="},
		"status <> 'x'":          {7, "write !="},
		`status = "x"`:           {9, "single quotes"},
		"status = 'x":            {9, "no other one that ends it"},
		"status = 'x' and":       {16, "the end stands where a field is wanted"},
		"status = 'x' status":    {13, "“status” stands where and, or, or the end is wanted"},
		"status = 'x')":          {12, "“)” stands where"},
		"(status = 'x'":          {0, "the bracket is not closed"},
		"(status = 'x' amount":   {14, "where and, or, or ) is wanted"},
		"'x' = status":           {0, "the field comes first"},
		"5 < amount":             {0, "the field comes first"},
		"amount < null":          {9, "no order"},
		"amount >= true":         {10, "no order"},
		"amount in 5":            {10, "list of constants"},
		"amount in ()":           {11, "a constant"},
		"amount in (5":           {12, ", or )"},
		"amount in (5,)":         {13, "a constant"},
		"amount in (5, null)":    {14, "is null"},
		"amount is 5":            {10, "null is wanted"},
		"amount not = 5":         {11, "a comparison"},
		"a..b = 5":               {0, "is not the name of a field"},
		"a. = 5":                 {0, "is not the name of a field"},
		"a = 5 && b = 6":         {6, "write and"},
		"a = -":                  {4, "begins no number"},
		"a = 5x":                 {4, "a constant"},
		"a # 5":                  {2, "has no meaning here"},
		"a = 5 and not":          {13, "a field"},
		"and":                    {0, "a field"},
		"a = \xff":               {0, "UTF-8"},
		strings.Repeat("(", 101): {100, "more than 100"},
		"a = '" + strings.Repeat("x", longest) + "'": {0, "at most"},
	} {
		_, err := Parse(text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60q: %v", text, err)
		} else if e.Offset != want.at || !strings.Contains(e.Error(), want.says) {
			t.Errorf("%.60q: at %d: %v, want at %d: %s", text, e.Offset, e, want.at, want.says)
		}
	}
}

// Numbers are compared by their exact values.
func TestNumbers(t *testing.T) {
	form := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := form.Draw(t, "a"), form.Draw(t, "b")
		if numberLen(a) != len(a) || numberLen([]byte(b)) != len(b) {
			t.Fatalf("%s or %s is no number", a, b)
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got := compareNumbers([]byte(a), []byte(b)); got != x.Cmp(y) {
			t.Fatalf("%s and %s: %d", a, b, got)
		}
		if compareNumbers([]byte(a), []byte(a)) != 0 {
			t.Fatalf("%s is not itself", a)
		}
	})
	for _, c := range [][2]string{{"1", "1e0"}, {"0", "-0.00e7"}, {"1e9999999999999999999", "1e99999999999999999999999"}, {"0.001", "1e-3"}, {"100", "1.00E+2"}} {
		if compareNumbers([]byte(c[0]), []byte(c[1])) != 0 {
			t.Errorf("%s is not %s", c[0], c[1])
		}
	}
}

func TestNoAllocation(t *testing.T) {
	e, err := Parse("status in ('draft', 'active') and not (amount <= 12.4e0 or price < 9 or none is not null)")
	if err != nil {
		t.Fatal(err)
	}
	values := make([]Value, len(e.Fields))
	for i, f := range e.Fields {
		values[i] = row[f]
	}
	if n := testing.AllocsPerRun(100, func() { e.Match(values) }); n != 0 || !e.Match(values) {
		t.Errorf("%v allocations", n)
	}
}

// Whatever is written, Parse says where it is wrong, or the expression is decided: not turns the
// answer, a bracket does not, and with itself it is what it was.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a = 1", "not (a != 'x''y' or `b c` in (1, -2.5e3, true)) and d is not null", "a<'é'", "(", "a = \"x\"", "1 = a", "a.b.c >= 0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			var where *Error
			if !errors.As(err, &where) || where.Offset < 0 || where.Offset > len(s) || where.Message == "" || utf8.ValidString(s) && !utf8.ValidString(where.Error()) {
				t.Fatalf("%q: %#v", s, err)
			}
			return
		}
		got := match(e)
		if len(s) > longest-200 || strings.Count(s, "(")+strings.Count(strings.ToLower(s), "not") > deepest-4 {
			return
		}
		for around, want := range map[string]bool{"not (" + s + ")": !got, "((" + s + "))": got, "(" + s + ") and (" + s + ")": got, "(" + s + ") or (" + s + ")": got} {
			e, err := Parse(around)
			if err != nil || match(e) != want {
				t.Fatalf("%q is %v, and %q: %v", s, got, around, err)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	e, err := Parse("status != 'draft' and amount > 0")
	if err != nil {
		b.Fatal(err)
	}
	values := []Value{{Text, []byte("live")}, {Number, []byte("12.5")}}
	b.ReportAllocs()
	for b.Loop() {
		if !e.Match(values) {
			b.Fatal("not wanted")
		}
	}
}
