package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	txt "tidemark/connector/internal/text"
)

// apiKeys are the keys that an entry of apis has: those of a stream that are about the API as a whole.
var apiKeys = []string{"url", "query", "headers", "auth", "tls", "proxy", "request_timeout", "max_retries", "max_wait", "rate_limit", "errors"}

// apiFields are their lines of the stream's table, which are read into a stream that nobody runs.
func apiFields(s *Stream) []field {
	fields := slices.DeleteFunc(streamFields(s), func(f field) bool { return !slices.Contains(apiKeys, f.name) })
	for i := range fields {
		if f := &fields[i]; f.name == "url" {
			f.alias, f.must, f.doc = "", true, "the address that the paths of its streams are put behind"
		}
	}
	return fields
}

// api is an entry of apis.
type api struct {
	name   string
	node   *node
	stream Stream
	from   source
}

// Shares reports whether the stream has what a key says from its API, together with the other streams of that
// API which do not give the key themselves.
func (s *Stream) Shares(key string) bool { return slices.Contains(s.shared, key) }

// readAPIs reads the apis of a file, which its streams may refer to wherever they stand.
func (d *decoder) readAPIs(root *node) {
	d.apis = map[string]*api{}
	i := slices.IndexFunc(root.entries, func(e entry) bool { return e.key == "apis" })
	if i < 0 || root.entries[i].value.kind == isNull {
		return
	}
	n := root.entries[i].value
	if n.kind != isObject {
		d.report(n.pos, "apis", "must be a section, not "+n.kind.String(), "give each api an entry with its name and, below it, its url")
		return
	}
	first := map[string]int{}
	for _, e := range n.entries {
		path := "apis." + clip(e.key)
		line, twice := first[e.key]
		switch {
		case twice:
			d.report(e.pos, path, fmt.Sprintf("is given twice, first in line %d", line), "keep one of the two")
			continue
		case !validTopic(e.key):
			d.report(e.pos, path, "cannot be the name of an api", "up to 249 letters, digits, dots, dashes and underscores")
		}
		first[e.key] = e.pos.Line
		a := &api{name: e.key, node: e.value, stream: blankStream()}
		d.apis[e.key] = a
		fields, before := apiFields(&a.stream), len(d.problems)
		if e.value.kind != isObject {
			d.report(e.value.pos, path, "must be a section, not "+e.value.kind.String(), "its keys are "+list(fields))
		} else {
			a.from.given = d.object(path+".", e.value, fields, func(key string) string {
				if isKey(streamFields(&Stream{}), key) {
					return "it belongs in an entry of streams"
				}
				return elsewhere(key)
			})
			d.lacks(path+".", e.value, fields, a.from.given, "")
		}
		a.from.path, a.from.pos, a.from.bad = path+".", e.value.pos, len(d.problems) > before
	}
}

// checkAPIs holds the keys of each api against each other.
func (d *decoder) checkAPIs() {
	for _, name := range slices.Sorted(maps.Keys(d.apis)) {
		if a := d.apis[name]; a.from.given != nil {
			d.headers(&a.stream, a.from)
			d.auth(&a.stream, a.from)
			d.tls(a.from, "")
		}
	}
}

// joined is a stream's section with what its api gives and the stream does not, and with its path behind the
// url. The api's values stay where they are written, so that what is wrong with one is said of that place.
func (d *decoder) joined(n *node, from *source) (whole *node, shared []string) {
	out := *n
	out.entries = slices.Clone(n.entries)
	if e := entryOf(n, "api"); e != nil && e.value.kind == isText {
		if name, ok := d.expand(from.path+"api", e.value); ok {
			from.api = d.apis[name]
		}
	}
	if a := from.api; a != nil && a.node.kind == isObject && !a.from.bad {
		for _, f := range apiFields(&Stream{}) {
			given := entryOf(a.node, f.name)
			if given == nil {
				continue
			}
			own := entryOf(&out, f.name)
			if f.name == "url" && own == nil {
				own = entryOf(&out, "base_url")
			}
			switch {
			case own == nil:
				out.entries = append(out.entries, *given)
				shared = append(shared, f.name)
			case f.kind == texts && own.value.kind == isObject && given.value.kind == isObject:
				own.value = merged(own.value, given.value, f.name == "headers")
			}
		}
	}
	d.address(&out, from)
	return &out, shared
}

// entryOf is the first entry of a key; nil: there is none.
func entryOf(n *node, key string) *entry {
	if i := slices.IndexFunc(n.entries, func(e entry) bool { return e.key == key }); i >= 0 {
		return &n.entries[i]
	}
	return nil
}

// merged is a section with the entries of another one whose names it has not got.
func merged(own, other *node, fold bool) *node {
	out := *own
	out.entries = slices.Clone(own.entries)
	for _, e := range other.entries {
		same := func(mine entry) bool { return mine.key == e.key || fold && strings.EqualFold(mine.key, e.key) }
		if !slices.ContainsFunc(own.entries, same) {
			out.entries = append(out.entries, e)
		}
	}
	return &out
}

// address puts the stream's path behind its url. What is wrong with one of the two is for others to say.
func (d *decoder) address(n *node, from *source) {
	path, at := entryOf(n, "path"), entryOf(n, "url")
	if at == nil {
		at = entryOf(n, "base_url")
	}
	if path == nil || at == nil || path.value.kind != isText || at.value.kind != isText {
		return
	}
	behind, ok := d.expand(from.path+"path", path.value)
	if message, _ := wrongPath(behind); !ok || message != "" {
		return
	}
	base, ok := d.expand(from.path+at.key, at.value)
	u, err := url.Parse(base)
	if message, _ := checkURL(base); !ok || message != "" || err != nil {
		return
	}
	more, err := url.Parse(behind)
	if err != nil {
		return
	}
	whole := *u
	if whole.RawPath = u.EscapedPath(); more.Path != "" {
		whole.RawPath = strings.TrimSuffix(whole.RawPath, "/") + "/" + strings.TrimPrefix(more.EscapedPath(), "/")
	}
	if whole.Path, err = url.PathUnescape(whole.RawPath); err != nil {
		return
	}
	whole.RawQuery = strings.Trim(u.RawQuery+"&"+more.RawQuery, "&")
	at.value = &node{kind: isText, pos: path.value.pos, text: path.value.text, resolved: true, ok: true, value: whole.String()}
}

var bracePattern = regexp.MustCompile(`\{[A-Za-z]`)

// wrongPath says what is wrong with a stream's path.
func wrongPath(s string) (message, hint string) {
	u, err := url.Parse(s)
	switch {
	case s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", "" // said already
	case bracePattern.MatchString(s):
		return "has a placeholder, which is sent as it stands", "put what has placeholders in request.path"
	case err != nil:
		return "is not the path of a URL", `for instance "/users"`
	case u.Scheme != "" || u.Host != "" || u.User != nil:
		return "is a URL of its own", "give it as url, or only what follows the url of the api"
	case u.Fragment != "":
		return "has a # part, which is never sent", "remove it"
	}
	return "", ""
}

// ofAPI looks at what a stream says of its api.
func (d *decoder) ofAPI(s *Stream, from source) {
	given := from.given
	if n := given["path"]; n != nil && n.ok {
		if message, hint := wrongPath(n.value); message != "" {
			d.report(n.pos, from.path+"path", message, hint)
		}
	}
	if n := given["api"]; n != nil && from.api == nil && n.ok && n.value != "" {
		names := slices.Sorted(maps.Keys(d.apis))
		hint := "the file has none: give it an entry in apis, at the top"
		if near := txt.Nearest(n.value, names); near != "" {
			hint = "did you mean " + near + "?"
		} else if len(names) > 0 {
			hint = "the apis of the file are " + clip(strings.Join(names, ", "))
		}
		d.report(n.pos, from.path+"api", "there is no api "+n.shown(), hint)
	}
	if a := from.api; a != nil && given.has("url") && !s.Shares("url") && s.URL != "" && a.stream.URL != "" && !sameOrigin(s.URL, a.stream.URL) {
		d.report(from.at("url"), from.path+from.urlKey(), "leads to another origin than the url of api "+clip(a.name)+", whose credentials must not go there",
			"give the stream its own settings instead of api, or another entry in apis")
	}
}

// sameOrigin reports whether two URLs have scheme, host and port in common.
func sameOrigin(a, b string) bool {
	origin := func(s string) string {
		u, err := url.Parse(s)
		if err != nil {
			return s
		}
		scheme, port := strings.ToLower(u.Scheme), u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[scheme]
		}
		return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
	}
	return origin(a) == origin(b)
}

// once leaves out what is said of a stream at a place where the same was said of its api.
func (ps Problems) once() Problems {
	type place struct {
		pos     Position
		message string
	}
	said := map[place]bool{}
	for _, p := range ps {
		if strings.HasPrefix(p.Key, "apis.") {
			said[place{p.Pos, p.Message}] = true
		}
	}
	return slices.DeleteFunc(ps, func(p Problem) bool { return !strings.HasPrefix(p.Key, "apis.") && said[place{p.Pos, p.Message}] })
}
