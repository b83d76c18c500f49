package openapi

import (
	"net/url"
	"regexp"
	"strings"

	"tidemark/connector/internal/usual"
)

// hole is a parameter in a path.
var hole = regexp.MustCompile(`\{([^{}]+)\}`)

// readPath writes the path: with the values of another stream's rows, where the path before a parameter is that stream's, else with
// what the environment says.
func (o *operation) readPath(others []*operation) *refusal {
	raw, last := o.raw, strings.LastIndexByte(o.raw, '{')
	if i := strings.LastIndexByte(raw, '}'); last < 0 {
		o.path = literal(raw)
		return nil
	} else if i < last {
		return refuse(o.at, "its path "+raw+" has a brace without another")
	}
	name := hole.FindStringSubmatch(raw[last:])
	if name == nil {
		return refuse(o.at, "its path "+raw+" has a brace without another")
	}
	rest := raw[last+len(name[0]):]
	above := raw[:last]
	for _, p := range others {
		if p.out.Translated && p.wrong == nil && p != o && p.raw+"/" == above && p.key != "" && usable(p.key) && p.reads(name[1]) && strings.HasPrefix(rest, "/") {
			o.parent = p
			o.path = strings.ReplaceAll(p.path, "{parent.", "{parent.parent.") + "/{parent." + p.key + "}" + literal(rest)
			o.assume("{" + name[1] + "} is the " + p.key + " of a row of the stream " + p.name + ", by the path: it is read for each of them")
			return nil
		}
	}
	// From the left: what stands before a parameter tells whose it is.
	var out strings.Builder
	at, of := 0, ""
	for _, m := range hole.FindAllStringSubmatchIndex(raw, -1) {
		static := raw[at:m[0]]
		if words := strings.FieldsFunc(static, func(r rune) bool { return r == '/' }); len(words) > 0 {
			of = words[len(words)-1]
		}
		called := raw[m[2]:m[3]]
		p := o.inPath(called)
		out.WriteString(before(static))
		switch {
		case p != nil && p.otherwise != "":
			out.WriteString(literal(url.PathEscape(p.otherwise)))
		default:
			about, sample := "", "1"
			if p != nil {
				about, sample = p.about, o.sample(p)
			}
			words := []string{called}
			switch strings.ToLower(called) {
			case "id", "name", "key", "slug", "uuid", "code", "type":
				words = []string{of, called}
			}
			out.WriteString(o.vars.ref("{"+called+"} in the path "+raw+": "+about, url.PathEscape(sample), words...))
		}
		at = m[1]
	}
	o.path = out.String() + literal(raw[at:])
	return nil
}

func (o *operation) inPath(name string) *parameter {
	for i := range o.params {
		if p := &o.params[i]; p.in == "path" && p.name == name {
			return p
		}
	}
	return nil
}

// reads reports whether a parameter in a path behind this one's has the name of this stream's key: id, or with the
// collection's name before it.
func (o *operation) reads(param string) bool {
	plain := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	param, key := plain(param), plain(o.key)
	if param == key {
		return true
	}
	one := plain(o.collection())
	for _, name := range []string{one, strings.TrimSuffix(one, "s"), strings.TrimSuffix(one, "es"), strings.TrimSuffix(one, "ies") + "y"} {
		if param == name+key || param == name && usual.IsKey(o.key, "id") {
			return true
		}
	}
	return false
}
