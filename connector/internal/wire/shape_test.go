package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reshape"
	"tidemark/schemas"
	"tidemark/strategies"
)

const maskKey = "0123456789abcdef"

// personSchema has flat names for what the API nests.
const personSchema = `{"type":"record","name":"P","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
	{"name":"name","type":["null","string"],"default":null},{"name":"age","type":["null","long"],"default":null},
	{"name":"address_city","type":["null","string"],"default":null},{"name":"address_geo_lat","type":["null","double"],"default":null},
	{"name":"contacts","type":["null",{"type":"array","items":{"type":"record","name":"C","fields":[{"name":"mail","type":["null","string"],"default":null},{"name":"kind","type":["null","string"],"default":null}]}}],"default":null},
	{"name":"tags","type":["null",{"type":"array","items":"string"}],"default":null},{"name":"tenant","type":["null","string"],"default":null}]}`

func personOptions(s reshape.Spec) Options {
	return Options{Schema: personSchema, IDField: "id", CursorField: "at", Format: strategies.Opaque, Shape: s}
}

func hashed(text string) string {
	h := hmac.New(sha256.New, []byte(maskKey))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// What rows become: the row that the API sent, and the one that everything else sees.
func TestShape(t *testing.T) {
	flat := reshape.Flatten{On: true, Separator: "_"}
	hash := reshape.Mask{Method: reshape.Hash, Key: maskKey}
	redact, two := reshape.Mask{Method: reshape.Redact}, reshape.Mask{Method: reshape.Truncate, Keep: 2}
	masks := func(path string, m reshape.Mask) reshape.Spec {
		return reshape.Spec{Mask: map[string]reshape.Mask{path: m}}
	}
	for _, c := range []struct {
		name      string
		spec      reshape.Spec
		row, want string
		bad       string
	}{
		{"flatten", reshape.Spec{Flatten: flat}, `"address":{"city":"Ulm","geo":{"lat":1,"lon":2}}`, `"address_city":"Ulm","address_geo_lat":1,"address_geo_lon":2`, ""},
		{"flatten to a depth", reshape.Spec{Flatten: reshape.Flatten{On: true, Separator: "_", Depth: 1}}, `"address":{"city":"Ulm","geo":{"lat":1}}`, `"address_city":"Ulm","address_geo":{"lat":1}`, ""},
		{"flatten what the schema has not", reshape.Spec{Flatten: flat}, `"other":{"city":"Ulm"}`, `"other":{"city":"Ulm"}`, ""},
		{"flatten no object", reshape.Spec{Flatten: flat}, `"address":null`, ``, ""},
		{"flatten an empty object", reshape.Spec{Flatten: flat}, `"address":{ }`, ``, ""},
		{"flatten escaped names", reshape.Spec{Flatten: flat}, `"\u0061ddress":{"c\u0069ty":"Ulm\n"}`, `"address_city":"Ulm\n"`, ""},
		{"flatten two into one", reshape.Spec{Flatten: flat}, `"address":{"city":"Ulm"},"address_city":"Bonn"`, `"address_city":"Ulm","address_city":"Bonn"`, "address_city: the row has two fields that get this name"},
		{"flatten two into one that nothing reads", reshape.Spec{Flatten: flat}, `"address":{"x":1},"address_x":2`, `"address_x":1,"address_x":2`, ""},
		{"flatten one that is there twice", reshape.Spec{Flatten: flat}, `"address":{"city":"Ulm"},"address":{}`, `"address_city":"Ulm"`, "address: the field is there twice"},
		{"a field that is there twice", reshape.Spec{Flatten: flat}, `"name":"a","name":"b"`, `"name":"a","name":"b"`, ""},
		{"rename", reshape.Spec{Rename: map[string]string{"full": "name"}}, `"full":"Ann"`, `"name":"Ann"`, ""},
		{"rename in an array", reshape.Spec{Rename: map[string]string{"contacts.e": "mail"}}, `"contacts":[{"e":"x"},{"kind":"k","e":null}]`, `"contacts":[{"mail":"x"},{"kind":"k","mail":null}]`, ""},
		{"rename to one that is there", reshape.Spec{Rename: map[string]string{"full": "name"}}, `"name":"a","full":"b"`, `"name":"a","name":"b"`, "name: the row has two fields"},
		{"rename to one that is there, further down", reshape.Spec{Rename: map[string]string{"contacts.e": "mail"}}, `"contacts":[{"e":"x","mail":"y"}]`, `"contacts":[{"mail":"x","mail":"y"}]`, "mail: the row has two fields"},
		{"change places", reshape.Spec{Rename: map[string]string{"a": "name", "name": "a"}}, `"name":"n","a":"b"`, `"a":"n","name":"b"`, ""},
		{"rename out of an object", reshape.Spec{Flatten: flat, Rename: map[string]string{"who.first": "name"}}, `"who":{"first":"Ann","last":"B"}`, `"name":"Ann","who_last":"B"`, ""},
		{"rename an object", reshape.Spec{Flatten: flat, Rename: map[string]string{"adr": "address"}}, `"adr":{"city":"Ulm"}`, `"address_city":"Ulm"`, ""},
		{"drop", reshape.Spec{Drop: []string{"name", "contacts.mail", "x.y"}}, `"name":"Ann","contacts":[{"mail":"m","kind":"k"}],"x":{"y":[1,{}]},"age":5`, `"contacts":[{"kind":"k"}],"x":{},"age":5`, ""},
		{"drop of what is no object", reshape.Spec{Drop: []string{"name.first"}}, `"name":"Ann"`, `"name":"[redacted]"`, "name: the value is no object"},
		{"hash", masks("name", hash), `"name":"Ann\u00e9"`, `"name":"` + hashed("Anné") + `"`, ""},
		{"hash a number", masks("name", hash), `"name":7.50`, `"name":"` + hashed("7.50") + `"`, ""},
		{"hash null", masks("name", hash), `"name":null`, `"name":null`, ""},
		{"hash the elements", masks("tags", hash), `"tags":["a",["b"],true]`, `"tags":["` + hashed("a") + `",["` + hashed("b") + `"],"` + hashed("true") + `"]`, "got an array, the schema wants string"},
		{"hash an object", masks("name", hash), `"name":{"first":"Ann"}`, `"name":"[redacted]"`, "name: the value is an object"},
		{"hash in an array", masks("contacts.mail", hash), `"contacts":[{"mail":"m"}]`, `"contacts":[{"mail":"` + hashed("m") + `"}]`, ""},
		{"redact a text", masks("name", redact), `"name":"Ann"`, `"name":"[redacted]"`, ""},
		{"redact an object", masks("name", redact), `"name":{"first":"Ann"}`, `"name":"[redacted]"`, ""},
		{"redact a number", masks("age", redact), `"age":55`, `"age":null`, ""},
		{"redact an array", masks("contacts", redact), `"contacts":[{"mail":"m"}]`, `"contacts":null`, ""},
		{"truncate", masks("name", two), `"name":"\"éx"`, `"name":"\"é"`, ""},
		{"truncate a short one", masks("name", two), `"name":"A"`, `"name":"A"`, ""},
		{"mask and flatten", reshape.Spec{Flatten: flat, Mask: map[string]reshape.Mask{"address.city": two}}, `"address":{"city":"Ulm"}`, `"address_city":"Ul"`, ""},
		{"mask and rename", reshape.Spec{Rename: map[string]string{"full": "name"}, Mask: map[string]reshape.Mask{"full": two}}, `"full":"Ann"`, `"name":"An"`, ""},
		{"add", reshape.Spec{Add: []reshape.Constant{{Name: "tenant", Value: `"{parent.value}/x"`}, {Name: "age", Value: `5`}}}, `"name":"n"`, `"name":"n","tenant":"sl\"ice/x","age":5`, ""},
		{"add what is there", reshape.Spec{Add: []reshape.Constant{{Name: "tenant", Value: `"x"`}}}, `"tenant":null`, `"tenant":null,"tenant":"x"`, "tenant: the row has two fields"},
	} {
		p := mustCompile(t, personOptions(c.spec))
		page, err := p.ScanSlice([]byte(`[{"id":"1"`+strings.TrimSuffix(","+c.row, ",")+`}]`), `sl"ice`)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		r := &page.Rows[0]
		want := `{"id":"1"` + strings.TrimSuffix(","+c.want, ",") + `}`
		if string(r.JSON) != want {
			t.Errorf("%s: the row is\n%s, want\n%s", c.name, r.JSON, want)
		}
		if (r.Err == nil) != (c.bad == "") || r.Err != nil && !strings.Contains(r.Err.Error(), c.bad) || string(r.Key) != "1" {
			t.Errorf("%s: key %s, %v, want %q", c.name, r.Key, r.Err, c.bad)
		}
		page.Release()
	}
}

// Rows that are no objects have no fields: nothing says which part of them is to be hidden, so all is.
func TestShapeNoObject(t *testing.T) {
	hide := mustCompile(t, personOptions(reshape.Spec{Drop: []string{"name"}}))
	if r := scanOne(t, hide, `["secret", 5]`); r.Err == nil || string(r.JSON) != `"[redacted: no object, 13 bytes]"` {
		t.Errorf("%s %v", r.JSON, r.Err)
	}
	add := mustCompile(t, personOptions(reshape.Spec{Add: []reshape.Constant{{Name: "age", Value: "1"}}}))
	if r := scanOne(t, add, `["shown", 5]`); r.Err == nil || string(r.JSON) != `["shown", 5]` {
		t.Errorf("%s %v", r.JSON, r.Err)
	}
}

// All layouts, pieces and marks go with shaped rows.
func TestShapeLayouts(t *testing.T) {
	o := personOptions(reshape.Spec{Rename: map[string]string{"full": "name"}, Drop: []string{"secret"}})
	o.DeletedField, o.DeletedPresent = "gone", true
	byKey := o
	byKey.RecordsPath, byKey.Records, byKey.KeyField = "", RecordsByKey, "id"
	page, err := mustCompile(t, byKey).Scan([]byte(`{"a\u0062":{"full":"x","secret":1},"c":{"full":5,"secret":"s"},"d":{"gone":true,"secret":"s"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"name":"x"}`, `"c":{"name":5}`, `{"gone":true}`} {
		if string(page.Rows[i].JSON) != want {
			t.Errorf("row %d is %s, want %s", i, page.Rows[i].JSON, want)
		}
	}
	if string(page.Rows[0].Key) != "ab" || page.Rows[1].Err == nil || !page.Rows[2].Deleted || string(page.Rows[2].Key) != "d" {
		t.Errorf("%+v", page.Rows)
	}
	one := o
	one.Records, one.RecordsPath = RecordsOne, "data"
	if page, err := mustCompile(t, one).Scan([]byte(`{"data":{"id":"1","full":"x"}}`)); err != nil || string(page.Rows[0].JSON) != `{"id":"1","name":"x"}` {
		t.Errorf("%+v, %v", page, err)
	}
	p := mustCompile(t, o)
	answer := `[{"id":"1","full":"x","secret":7}, {"id":"2","full":"` + strings.Repeat("y", 200) + `"},{"id":"3"}]`
	for n := 1; n < len(answer); n++ {
		page, err := p.ScanPiece([]byte(answer[:n]))
		if err != nil || !page.Cut {
			t.Fatalf("%d bytes: %+v, %v", n, page, err)
		}
		rest, err := p.Scan([]byte(answer[:page.Head] + answer[page.Taken:]))
		if err != nil || len(page.Rows)+len(rest.Rows) != 3 {
			t.Fatalf("%d bytes: %d rows and %d, %v", n, len(page.Rows), len(rest.Rows), err)
		}
		rest.Release()
		page.Release()
	}
}

// Where fields are dropped or masked no error quotes an answer.
func TestShapeQuotesNothing(t *testing.T) {
	o := userOptions()
	o.MorePath, o.PagesPath = "more", "pages"
	o.Shape = reshape.Spec{Mask: map[string]reshape.Mask{"email": {Method: reshape.Redact}}}
	p := mustCompile(t, o)
	one, byKey := o, o
	one.Records = RecordsOne
	byKey.Records, byKey.KeyField = RecordsByKey, "id"
	each := o
	each.RecordsPath = "data.*.rows"
	nothing := o
	nothing.NullData = true
	for _, c := range []struct {
		plan   *Plan
		answer string
	}{
		{p, `{"data":[{"email":"secret"}x`}, {p, `{"data":{"email":"secret"}}`}, {p, `{"rows":[{"email":"secret"}]}`}, {p, `secret`}, {p, `["secret"]`},
		{p, `{"data":[]}{"email":"secret"}`}, {p, `{"data":[],"scroll_param":{"email":"secret"}}`}, {p, `{"data":[],"more":["secret"]}`}, {p, `{"data":[],"pages":["secret"]}`}, {p, `<b>secret`},
		{mustCompile(t, one), `{"data":{"email":"secret"}}`}, {mustCompile(t, one), `{"data":["secret"]}`}, {mustCompile(t, byKey), `{"data":{"x":"secret"}}`},
		{mustCompile(t, each), `{"data":["secret"]}`}, {mustCompile(t, each), `{"data":{"email":"secret"}}`}, {mustCompile(t, each), `{"data":[{"email":"secret"}]}`},
		{mustCompile(t, nothing), `{"data":null,"error":"secret"}`},
	} {
		_, err := c.plan.Scan([]byte(c.answer))
		if m := malformed(t, err); strings.Contains(m.Error(), "secret") {
			t.Errorf("%s: %v", c.answer, m)
		}
	}
}

// A setting is met where a row has its field, and only then.
func TestShapeUnmet(t *testing.T) {
	p := mustCompile(t, personOptions(reshape.Spec{Drop: []string{"nane", "x.y"}, Mask: map[string]reshape.Mask{"name": {Method: reshape.Redact}, "contacts.mail": {Method: reshape.Redact}}}))
	scanOne(t, p, `{"id":"1","name":"n","contacts":[{"mail":null}],"x":{}}`)
	if got := fmt.Sprint(p.Drift().Unmet()); got != "[drop nane drop x.y]" {
		t.Error(got)
	}
	if got, _ := p.Drift().Unknown(); len(got) != 1 || got[0] != "x" {
		t.Errorf("unknown fields %q", got)
	}
}

func TestShapeRefused(t *testing.T) {
	mask := func(path string, m reshape.Method) reshape.Spec {
		return reshape.Spec{Mask: map[string]reshape.Mask{path: {Method: m, Key: maskKey, Keep: 1}}}
	}
	flat := reshape.Flatten{On: true, Separator: "_"}
	for want, change := range map[string]func(o *Options){
		"mask.age: hash makes a text, and the schema has": func(o *Options) { o.Shape = mask("age", reshape.Hash) },
		"mask.age: truncate makes a text":                 func(o *Options) { o.Shape = mask("age", reshape.Truncate) },
		"mask.email: redact leaves a text or null": func(o *Options) {
			o.Schema = strings.Replace(personSchema, `{"name":"tenant","type":["null","string"],"default":null}`, `{"name":"email","type":"long"}`, 1)
			o.Shape = mask("email", reshape.Redact)
		},
		"mask.address.geo.lat: hash makes a text":                                func(o *Options) { o.Shape = mask("address.geo.lat", reshape.Hash); o.Shape.Flatten = flat },
		`the field of add, "tenent" is not in the schema`:                        func(o *Options) { o.Shape.Add = []reshape.Constant{{Name: "tenent", Value: "1"}} },
		"flatten takes address apart, so that rows have no field address.street": func(o *Options) { o.Where = "address.street = 'x'"; o.Shape.Flatten = flat },
	} {
		o := personOptions(reshape.Spec{})
		change(&o)
		if _, err := Compile(o); err == nil || !strings.Contains(err.Error(), want) || class.Of(err) != class.Config {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A row that is written under an old name is the same row under the new one, where the schema has the old one
// as an alias (rule 11).
func TestShapeAliases(t *testing.T) {
	const before = `{"type":"record","name":"T","fields":[{"name":"id","type":"string"},{"name":"city","type":["null","string"],"default":null}]}`
	after := strings.Replace(before, `"name":"city"`, `"name":"town","aliases":["city"]`, 1)
	old := scanOne(t, mustCompile(t, Options{Schema: before, IDField: "id"}), `{"id":"1","city":"Ulm"}`)
	p := mustCompile(t, Options{Schema: after, IDField: "id", Shape: reshape.Spec{Rename: map[string]string{"city": "town"}}})
	now := scanOne(t, p, `{"id":"1","city":"Ulm"}`)
	if _, hash, err := p.Resolve(old.Body, before); err != nil || hash != now.Hash {
		t.Errorf("%x, want %x, %v", hash, now.Hash, err)
	}
}

func shapeOptions(what string) Options {
	o := userOptions()
	o.Shape = map[string]reshape.Spec{
		"none":    {},
		"drop":    {Drop: []string{"company"}},
		"rename":  {Rename: map[string]string{"job_title": "job"}},
		"flatten": {Flatten: reshape.Flatten{On: true, Separator: "_"}},
		"redact":  {Mask: map[string]reshape.Mask{"email": {Method: reshape.Redact}}},
		"hash":    {Mask: map[string]reshape.Mask{"email": {Method: reshape.Hash, Key: maskKey}}},
		"add":     {Add: []reshape.Constant{{Name: "country", Value: `"x"`}}},
	}[what]
	if what == "add" {
		o.Schema = strings.Replace(schemas.User, `"fields": [`, `"fields": [{"name":"country","type":["null","string"],"default":null},`, 1)
	}
	return o
}

func BenchmarkScanShaped(b *testing.B) {
	const n = 1000
	body := users(n)
	for _, what := range []string{"none", "drop", "rename", "flatten", "redact", "hash", "add"} {
		b.Run(what, func(b *testing.B) {
			p := mustCompile(b, shapeOptions(what))
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				pg, err := p.Scan(body)
				if err != nil {
					b.Fatal(err)
				}
				pg.Release()
			}
			b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func TestNoAllocationPerShapedRow(t *testing.T) {
	o := personOptions(reshape.Spec{Flatten: reshape.Flatten{On: true, Separator: "_"}, Drop: []string{"x", "contacts.kind"}, Rename: map[string]string{"full": "name"},
		Mask: map[string]reshape.Mask{"contacts.mail": {Method: reshape.Hash, Key: maskKey}, "tags": {Method: reshape.Truncate, Keep: 1}}, Add: []reshape.Constant{{Name: "tenant", Value: `"t"`}}})
	p := mustCompile(t, o)
	allocs := func(n int) float64 {
		var rows []string
		for i := range n {
			rows = append(rows, fmt.Sprintf(`{"id":"%d","f\u0075ll":"n","x":[1],"address":{"city":"Ulm","geo":{"lat":1.5}},"contacts":[{"mail":"m\u00e9","kind":"k"}],"tags":["abc"]}`, i))
		}
		body := []byte("[" + strings.Join(rows, ",") + "]")
		return testing.AllocsPerRun(20, func() {
			page, err := p.Scan(body)
			if err != nil || page.Bad > 0 {
				t.Fatal(err, page.Rows[0].Err)
			}
			page.Release()
		})
	}
	if few, many := allocs(100), allocs(2000); many > few+20 {
		t.Errorf("%v allocations for 100 rows, %v for 2000", few, many)
	}
}
