package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/connector/internal/request"
	txt "tidemark/connector/internal/text"
)

// decoder fills values from nodes by the table in keys.go and collects what is wrong.
type decoder struct {
	env         func(string) (string, bool)
	readFile    func(string) ([]byte, error)
	dir         string // of the configuration file
	problems    Problems
	unexpanded  map[Position]bool // texts that could not be expanded: that was reported, and what they would have said is not known
	substituted []string          // values taken from the environment: never to be shown
	lines       []string          // of the file
	texts       []*node           // those of templates, by request.Text.Ref less one
	apis        map[string]*api
	top         source // the keys beside the streams
}

func (d *decoder) report(pos Position, key, message, hint string) {
	if !d.unexpanded[pos] {
		d.problems = append(d.problems, Problem{pos, key, message, hint})
	}
}

// given holds where each key of a section was written: "page_size", "params.since".
type given map[string]*node

func (g given) has(key string) bool { return g[key] != nil }

// object reads a section's keys. unknown, where not nil, may explain a key that is not
// in fields.
func (d *decoder) object(path string, n *node, fields []field, unknown func(key string) string) given {
	g := given{}
	d.keys(path, "", n, fields, unknown, g)
	return g
}

func (d *decoder) keys(path, under string, n *node, fields []field, unknown func(string) string, g given) {
	if n.kind == isNull { // "kafka:" with everything below it commented out
		return
	}
	if n.kind != isObject {
		d.report(n.pos, strings.TrimSuffix(path, "."), "must be a section, not "+n.kind.String(), "its keys are "+list(fields))
		return
	}
	first := map[string]entry{}
	for _, e := range n.entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == e.key || f.alias != "" && f.alias == e.key })
		if i < 0 {
			d.unknownKey(path, e, fields, unknown)
			continue
		}
		f := fields[i]
		if before, twice := first[f.name]; twice {
			message := fmt.Sprintf("is given twice, first in line %d", before.pos.Line)
			if before.key != e.key {
				message = fmt.Sprintf("is the same key as %s in line %d", before.key, before.pos.Line)
			}
			d.report(e.pos, path+e.key, message, "keep one of the two")
			continue
		}
		first[f.name] = e
		g[under+f.name] = e.value
		if f.kind == section {
			own, elsewhere := d.ofKind(path+e.key, e.value, f)
			d.keys(path+e.key+".", under+f.name+".", e.value, own, elsewhere, g)
			continue
		}
		d.value(path+e.key, e.value, f)
	}
}

func (d *decoder) unknownKey(path string, e entry, fields []field, unknown func(string) string) {
	names := []string{}
	for _, f := range fields {
		names = append(names, f.name)
		if f.alias != "" {
			names = append(names, f.alias)
		}
	}
	hint := ""
	if unknown != nil {
		hint = unknown(e.key)
	}
	if near := txt.Nearest(e.key, names); near != "" && hint == "" {
		hint = "did you mean " + near + "?"
	}
	if hint == "" {
		hint = "the keys here are " + list(fields)
	}
	d.report(e.pos, path+clip(e.key), "there is no such key", hint)
}

func list(fields []field) string {
	var names []string
	for _, f := range fields {
		if f.name != "$schema" {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// wants is how messages name what a kind takes, with an example for the hint.
var wants = map[kind][2]string{
	text:      {"a string", `for instance "user"`},
	scalar:    {"a string", `for instance "user"`},
	integer:   {"a whole number", "for instance 100"},
	number:    {"a number", "for instance 2.5"},
	boolean:   {"true or false", "without quotes"},
	duration:  {"a duration", `for instance "30s" or "1h30m", or a number of seconds`},
	hours:     {"a number of hours", "for instance 2 or 0.5"},
	size:      {"a size", `for instance "16MiB", or a number of bytes`},
	address:   {"an http or https URL", `for instance "http://127.0.0.1:5001/pagination/keyset"`},
	hosts:     {"host:port, or a list of them", `for instance "127.0.0.1:9092"`},
	words:     {"a word, or a list of them", ""},
	formats:   {"a cursor format, or a list of them", ""},
	zone:      {"a time zone", `for instance "UTC", "Europe/Berlin" or "+02:00"`},
	primary:   {"a field, or a list of fields", "for instance id or [account.id, id]; row_hash where rows have no id"},
	rates:     {"a number, or a list of budgets", "for instance 2.5 or [{requests: 100, per: 1m}]"},
	rules:     {"a list of rules", "for instance [{status: 404, action: skip}]"},
	statuses:  {"a status, or a list of them", "for instance 404, 5xx or [403, 404]"},
	texts:     {"a section of names and values", `for instance {"Accept": "application/json"}`},
	template:  {"a string", `for instance "/users/{parent.id}"`},
	templates: {"a section of names and values", `for instance {"updated": ">={since}"}`},
	masks:     {"a section of fields and masks", `for instance {"email": "redact"}`},
	constants: {"a section of names and values", `for instance {"source": "crm"}`},
	tree:      {"a section", `for instance {"limit": "{limit:number}"}`},
}

func (f field) hint() string {
	h := wants[f.kind][1]
	if len(f.enum) > 0 {
		h = "one of " + strings.Join(f.enum, ", ")
	}
	if f.none != nil {
		h += ", or none"
	}
	if len(f.def) > 0 {
		h += "; the default is " + f.def.String()
	}
	return h
}

// value reads one key that is no section.
func (d *decoder) value(key string, n *node, f field) {
	wrong := func() {
		shown := n.shown()
		if (f.secret || f.kind == address) && n.kind <= isText {
			shown = "this value" // P11: it may be the secret itself
		}
		d.report(n.pos, key, fmt.Sprintf("must be %s, not %s", wants[f.kind][0], shown), f.hint())
	}
	switch {
	case f.kind == raw || f.kind == named:
	case n.kind == isNull:
		d.report(n.pos, key, "has no value", "give it one or remove the key; "+f.hint())
	case f.kind == texts:
		d.textsOf(key, n, f, wrong)
	case f.kind == templates:
		d.templates(key, n, f, wrong)
	case f.kind == tree:
		if f.name == "variables" && n.kind != isObject {
			wrong()
			return
		}
		t := d.tree(key, n)
		*f.into.(**request.Node) = &t
	case f.kind == hosts:
		d.hosts(key, n, f, wrong)
	case f.kind == formats:
		d.formats(key, n, f, wrong)
	case f.kind == words:
		d.words(key, n, f, wrong)
	case f.kind == primary:
		d.primaryKey(key, n, f, wrong)
	case f.kind == masks:
		d.masks(key, n, f, wrong)
	case f.kind == constants:
		d.constants(key, n, f, wrong)
	case f.kind == statuses:
		d.statuses(key, n, f, wrong)
	case f.kind == rules && n.kind == isList:
		d.errorRules(key, n, f)
	case f.kind == rates && n.kind == isList:
		d.budgets(key, n, f)
	case n.kind == isList || n.kind == isObject || f.kind == rules:
		wrong()
	case f.kind == template:
		if t, ok := d.template(key, n); ok {
			*f.into.(**request.Text) = &t
		}
	case f.kind == boolean:
		if n.kind != isBool {
			wrong()
			return
		}
		*f.into.(*bool) = n.text == "true"
	case n.kind == isBool && f.kind != scalar, n.kind == isNumber && (f.kind == text || f.kind == address || f.kind == zone):
		wrong()
	default:
		if s, ok := d.expand(key, n); ok {
			d.scalar(key, n, f, s, wrong)
		}
	}
}

// scalar reads the kinds that are written as one string or number.
func (d *decoder) scalar(key string, n *node, f field, s string, wrong func()) {
	switch f.kind {
	case text, scalar:
		if message, hint := f.checkText(s); message != "" {
			if strings.Contains(message, "%s") {
				message = fmt.Sprintf(message, n.shown())
			}
			d.report(n.pos, key, message, hint)
			return
		}
		switch into := f.into.(type) {
		case *string:
			*into = s
		case **string:
			*into = &s
		case *Secret:
			*into = Secret(s)
		case *File:
			*into = d.file(n, s)
		case *bool: // filter
			*into = s == "strict"
		}
	case address:
		if message, hint := f.checkURL(s); message != "" && (s != "" || !f.empty) {
			d.report(n.pos, key, message, hint)
			return
		}
		switch into := f.into.(type) {
		case *string:
			*into = s
		case *Secret:
			*into = Secret(s)
		}
	case zone:
		if _, err := zoneOf(s); s == "" || err != nil {
			d.report(n.pos, key, n.shown()+" is no time zone", f.hint())
			return
		}
		*f.into.(*string) = s
	case integer:
		if f.none != nil && s == "none" {
			*f.none = true
			return
		}
		v, ok := parseWhole(s)
		if !ok {
			wrong()
			return
		}
		if !d.inRange(key, n, f, float64(v)) {
			return
		}
		switch into := f.into.(type) {
		case *int:
			*into = int(v)
		case *int64:
			*into = v
		}
	default:
		if f.kind == duration && s == never && f.sometimesNever() {
			*f.into.(*time.Duration) = Never
			return
		}
		v, ok := parseQuantity(f.kind, s)
		if !ok {
			wrong()
			return
		}
		if !d.inRange(key, n, f, v) {
			return
		}
		switch into := f.into.(type) {
		case *float64:
			*into = v
		case rate:
			*into.second = v
		case *int64: // size
			*into = int64(v)
		case *time.Duration:
			if f.kind == hours {
				v *= 3600
			}
			*into = time.Duration(math.Round(v * float64(time.Second)))
		}
	}
}

func (d *decoder) inRange(key string, n *node, f field, v float64) bool {
	if v >= f.min && v <= f.max && (v != 0 || f.name != "replication") {
		return true
	}
	format := func(v float64) string {
		switch f.kind {
		case duration:
			return time.Duration(v * float64(time.Second)).String()
		case size:
			return strconv.FormatInt(int64(v), 10) + " bytes"
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	hint := fmt.Sprintf("from %s to %s", format(f.min), format(f.max))
	if f.name == "replication" {
		hint = "-1, or from 1 to 32767"
	}
	d.report(n.pos, key, n.shown()+" is out of range", hint)
	return false
}

// hosts reads a list of host:port.
func (d *decoder) hosts(key string, n *node, f field, wrong func()) {
	var out []string
	add := func(n *node, s string) {
		if message, hint := checkHost(s); message != "" {
			d.report(n.pos, key, message, hint)
			return
		}
		out = append(out, strings.TrimSpace(s))
	}
	switch n.kind {
	case isText:
		s, ok := d.expand(key, n)
		if !ok || strings.TrimSpace(s) == "" { // "${BROKERS:-}": the embedded broker
			return
		}
		for part := range strings.SplitSeq(s, ",") {
			add(n, part)
		}
	case isList:
		for _, item := range n.items {
			if item.kind != isText {
				d.report(item.pos, key, "must be host:port, not "+item.shown(), f.hint())
				continue
			}
			if s, ok := d.expand(key, item); ok {
				add(item, s)
			}
		}
	default:
		wrong()
	}
	*f.into.(*[]string) = out
}

// textsOf reads query and headers.
func (d *decoder) textsOf(key string, n *node, f field, wrong func()) {
	if n.kind != isObject {
		wrong()
		return
	}
	headers, isHeaders := f.into.(*map[string]Secret)
	if isHeaders {
		*headers = map[string]Secret{}
	} else {
		*f.into.(*map[string]string) = map[string]string{}
	}
	for at, e := range d.named(key, n, isHeaders) {
		one := field{name: e.key, kind: scalar, empty: true, secret: true}
		if isHeaders {
			var v Secret
			one.into = &v
			d.value(at, e.value, one)
			(*headers)[e.key] = v
			continue
		}
		var v string
		one.into = &v
		d.value(at, e.value, one)
		(*f.into.(*map[string]string))[e.key] = v
	}
}
