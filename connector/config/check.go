package config

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// check fills the defaults that depend on other keys and looks at what no key can be
// judged by alone.
func (d *decoder) check(c *Config, sources []source, o Overrides) {
	override := o.Strategy
	if override != "" && !slices.Contains(strategies.Names(), override) {
		f := field{kind: text, name: "strategy", enum: strategies.Names()}
		_, hint := f.checkText(override)
		d.report(Position{}, "--strategy", fmt.Sprintf("%q is not a strategy", clip(override)), hint)
		override = ""
	}
	d.checkAPIs()
	for i, from := range sources {
		s := &c.Streams[i]
		before := len(d.problems)
		d.required(from, o)
		s.Strategy = cmp.Or(override, s.Strategy)
		if !from.given.has("name") { // one that is given and refused stays empty
			s.Name = cmp.Or(s.Topic, unnamed)
		}
		if !from.given.has("topic") {
			if s.Topic = s.Name; s.TopicPrefix != "" {
				s.Topic = s.TopicPrefix + "." + s.Name
				if s.Name != "" && !validTopic(s.Topic) {
					d.report(from.at("topic_prefix"), from.path+"topic_prefix", "makes the topic's name too long with the stream's: "+clip(s.Topic), "up to 249 characters together, or give it a topic")
				}
			}
			if internalTopic(s.Topic) {
				d.report(from.at("name"), from.path+"topic", "is "+s.Topic+" by default, a topic that Kafka or its registry keeps for itself", "give it a topic")
			}
		}
		s.fill(from.given.has)
		if s.Strategy != "" {
			d.request(s, from)
			d.combinations(s, from)
			d.parameters(s, from)
		}
		d.ofAPI(s, from)
		d.schema(s, from)
		d.headers(s, from)
		d.auth(s, from)
		d.tls(from, "")
		if len(d.problems) == before && !from.bad {
			d.last(s, from)
		}
	}
	d.access(c)
	d.registry(c)
	d.http()
	d.together(c, sources)
	d.parents(c, sources)
}

// at is where the first of the keys stands that the file has, otherwise the stream.
func (from source) at(keys ...string) Position {
	for _, k := range keys {
		if n := from.given[k]; n != nil {
			return n.pos
		}
	}
	return from.pos
}

// urlKey is what the form calls the URL.
func (from source) urlKey() string {
	if from.path == "" {
		return "base_url"
	}
	return "url"
}

func (d *decoder) required(from source, o Overrides) {
	if !from.given.has("strategy") && o.Strategy == "" {
		d.report(from.pos, from.path+"strategy", "is missing", "one of "+strings.Join(strategies.Names(), ", "))
	}
	if !from.given.has("url") && !from.given.has("api") {
		hint := "the API's endpoint, " + wants[address][1]
		if len(d.apis) > 0 {
			hint += "; or api, one of apis"
		}
		d.report(from.pos, from.path+from.urlKey(), "is missing", hint)
	}
}

// combinations holds the keys of one stream against each other.
func (d *decoder) combinations(s *Stream, from source) {
	report := func(key, message, hint string, also ...string) {
		d.report(from.at(append([]string{key}, also...)...), from.path+key, message, hint)
	}
	format, ok := d.format(s, from)
	if !ok {
		return
	}
	traits := s.Traits()
	if traits.ByID {
		if format != strategies.Integer {
			report("cursor_format", "step_size reads by id, and ids are integers", "remove cursor_format")
		}
		if s.CursorField != s.IDField && from.given.has("cursor_field") {
			report("cursor_field", "step_size reads by id, so its cursor is the id field", "remove cursor_field", "primary_key")
		}
		if s.RowHash || len(s.PrimaryKey) > 1 {
			report("primary_key", "step_size reads by id, and an id is one field", "give the one whose ranges the API is asked for")
		}
		if s.Lookback > 0 {
			report("lookback", "step_size asks for ranges of ids and never looks back", "remove lookback, or use another strategy")
		}
	} else {
		if s.Strict && format == strategies.Opaque { // rule 14
			report("filter", "strict cannot go with an opaque cursor: rows that share the last value would be lost",
				"an opaque value cannot be asked for one step less; use filter inclusive or another cursor_format", "cursor_format")
		}
		switch {
		case traits.Buffered && !format.Temporal():
			report("cursor_format", "replay goes back by hours, and this cursor is no time",
				"use "+timeFormats()+", or another strategy", "strategy")
		case s.Lookback > 0 && !format.Temporal():
			report("lookback", "the cursor is no time, so there is no looking back by one",
				"remove lookback, or use cursor_format "+timeFormats())
		}
		if s.InitialMark != "" {
			if _, err := format.ParseString(s.InitialMark); err != nil {
				report("initial_mark", d.withoutSecrets("is not a value of cursor_format "+format.String()), d.withoutSecrets("for instance "+example(format)))
			}
		}
	}
	if s.Deleted.Present && from.given.has("deleted.value") {
		report("deleted.present", "says that any value marks a deleted row, and deleted.value that one does", "remove one of the two")
	}
	for _, key := range []string{"deleted.value", "deleted.present"} {
		if from.given.has(key) && !from.given.has("deleted.field") {
			report(key, "says nothing without deleted.field", "give the row's field that marks a deleted row, or remove the section")
		}
	}
	if !s.AutoRegister && s.OnNewField == "evolve" {
		report("on_new_field", "evolve registers new versions of the schema, and auto_register says that none is registered", "remove auto_register, or use another on_new_field", "auto_register")
	}
	d.writtenSo(s, report)
	d.keysOf(s, from)
	d.where(s, from)
	d.shape(s, from)
	d.topicConfig(s, from)
	d.pageSize(s, from)
	d.errorRulesTogether(s, from)
	for _, word := range s.End {
		if in := endsOf[word]; in != nil && !slices.Contains(in, s.Strategy) {
			report("end", word+" says nothing to "+s.Strategy, "it is for "+strings.Join(in, ", "))
		}
	}
	if !s.Exclusive && s.ReconcileInterval != Never {
		report("reconcile_interval", "a topic that is not exclusive holds keys of other writers, which a scan of this API would delete",
			"remove reconcile_interval, or give the stream a topic of its own", "exclusive")
	}
	if s.CursorField == "" && !traits.All {
		report("cursor_field", "must not be empty: "+s.Strategy+" moves by it", "give the field that says when a row was changed")
	}
	d.forEach(s, from)
	if s.InitialID > s.MaxID {
		report("initial_id", "is greater than max_id", fmt.Sprintf("without the keys they are %d and %d", blankStream().InitialID, blankStream().MaxID), "max_id")
	}
}

// endsOf are the strategies that a word of end is for; nil: all.
var endsOf = func() map[string][]string {
	one := append(slices.Clone(byValue), walking...)
	two := append(append(slices.Clone(byValue), counting...), walking...)
	return map[string][]string{EndToken: one, EndEmptyPage: one, EndRepeatedPage: two, EndShortPage: walking, "400": two, "404": two, "416": two, "422": two}
}()

// example is a value of the format.
func example(f strategies.Format) string {
	if f == strategies.RFC3339 {
		return "2026-01-31T00:00:00Z"
	}
	const day = 1767225600 // 2026-01-01
	if f.Temporal() {
		return f.Write(strategies.Value{N: day * 1e6, Set: true})
	}
	return strconv.Itoa(day)
}

// parameters checks what a request is made of: the names the strategy needs are there,
// and no two things send the same one.
func (d *decoder) parameters(s *Stream, from source) {
	recipe, _ := strategies.Of(s.Strategy)
	needs, optional := recipe.Needs, recipe.Optional
	if recipe.Walks {
		needs = append(slices.Clone(needs), strategies.PagerNeeds(s.Pages)...)
	}
	if s.PageSize == 0 { // it is not sent
		optional = slices.DeleteFunc(slices.Clone(optional), func(r strategies.Role) bool { return r == strategies.RoleLimit })
	}
	sent := map[string]string{} // a parameter's name in the API: the key that sends it
	for _, f := range paramFields(&s.Params) {
		name, key := *f.into.(*string), "params."+f.name
		role := strategies.Role(f.name)
		needed := slices.Contains(needs, role)
		switch {
		case !needed && !slices.Contains(optional, role):
		case name == "" && (slices.Contains(s.placed, f.name) || from.given["request"].unusable()):
		case name == "" && needed && !from.given.has(key) && from.given.has("request"):
			d.report(from.at("request"), from.path+"request", s.Strategy+" cannot do without "+placeholder(f.name), "put it where it belongs, or give its name in the API in "+key)
		case name == "" && needed:
			d.report(from.at(key), from.path+key, s.Strategy+" cannot do without this parameter", "give its name in the API; the default is "+f.def.String())
		case name != "" && sent[name] != "":
			d.report(from.at(key, sent[name]), from.path+key, "has the same name as "+sent[name], "every parameter needs a name of its own")
		case name != "":
			sent[name] = key
		}
	}
	d.tokenPlace(s, from, recipe.ByValue, recipe.Walks && strategies.PagerReads(s.Pages))
	inURL := url.Values{}
	if u, err := url.Parse(s.URL); err == nil {
		inURL = u.Query()
	}
	for name, key := range sent {
		if _, ok := s.Query[name]; ok {
			d.report(d.entryPos(from, "query", name), from.path+"query."+clip(name), s.Strategy+" sends this parameter itself", "remove it, or rename "+key)
		}
		if inURL.Has(name) {
			d.report(from.at("url"), from.path+from.urlKey(), "holds a query parameter that "+s.Strategy+" sends itself", "remove it, or rename "+key)
		}
	}
}

// tokenPlace checks that the token has one place where the strategy, or its pager, goes by it.
func (d *decoder) tokenPlace(s *Stream, from source, byValue, paged bool) {
	switch {
	case !byValue && !paged:
	case s.TokenHeader != "" && s.TokenPath != "":
		d.report(from.at("token_header", "token_path"), from.path+"token_header", "the token has a place already, token_path", "remove one of the two")
	case s.TokenHeader != "" && !request.HeaderName(s.TokenHeader):
		d.report(from.at("token_header"), from.path+"token_header", "is not a header's name", "letters, digits and dashes")
	case s.TokenHeader+s.TokenPath != "":
	case byValue:
		d.report(from.at("token_path"), from.path+"token_path", s.Strategy+" needs the token: only a null one proves the end", "give the token's path in the answer, or token_header")
	case paged:
		d.report(from.at("token_path", "pages"), from.path+"token_path", "pages by "+s.Pages+" are told by the answer", "give the path in the answer of what leads to the next page, or token_header")
	}
}

func (d *decoder) entryPos(from source, key, name string) Position {
	if n := from.given[key]; n != nil {
		for _, e := range n.entries {
			if e.key == name {
				return e.pos
			}
		}
	}
	return from.at(key)
}

// headers refuses those that the HTTP client owns.
func (d *decoder) headers(s *Stream, from source) {
	for name := range s.Headers {
		d.ownHeader(name, "headers", from)
	}
}

func (d *decoder) ownHeader(name, key string, from source) {
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection", "host", "accept-encoding":
		d.report(d.entryPos(from, key, name), from.path+key+"."+name, "is set by the HTTP client", "remove it")
	}
}

// schema reads the stream's schema file. What is in it is the encoder's to judge.
func (d *decoder) schema(s *Stream, from source) {
	n := from.given["schema"]
	if n == nil || s.SchemaFile == "" {
		return
	}
	path := d.resolve(s.SchemaFile)
	data, err := d.readFile(path)
	switch {
	case err != nil:
		d.report(n.pos, from.path+"schema", "cannot read "+n.shown()+": "+err.Error(), "the path counts from this file's folder")
	case len(data) > maxSchema:
		d.report(n.pos, from.path+"schema", n.shown()+" is larger than 1 MiB", "is this the right file?")
	case len(strings.TrimSpace(string(data))) == 0:
		d.report(n.pos, from.path+"schema", n.shown()+" is empty", "put an Avro schema there")
	default:
		s.Schema, s.SchemaPath = string(data), n.text
		if n.text == s.SchemaFile {
			s.SchemaPath = path
		}
	}
}

// resolve gives where a path of the configuration leads.
func (d *decoder) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}

// last lets the strategy itself judge what this room let pass.
func (d *decoder) last(s *Stream, from source) {
	spec, err := s.Spec()
	if err == nil {
		_, err = strategies.New(spec)
	}
	if err == nil {
		return
	}
	d.report(from.at("strategy"), from.path+"strategy", d.withoutSecrets(err.Error()), "")
}

// deadLetters stands behind a topic's name in that of its dead letters.
const deadLetters = ".dlq"

// together holds the streams against each other and against the state topic. Two
// streams on one topic would drop each other's rows as known (rule 19).
func (d *decoder) together(c *Config, sources []source) {
	names, topics := map[string]source{}, map[string]source{}
	letters := map[string]bool{} // the dead-letter topics
	for i := range sources {
		if s := c.Streams[i]; s.Topic != "" {
			letters[s.Topic+deadLetters] = true
		}
	}
	for i, from := range sources {
		s := c.Streams[i]
		if s.Name == "" || s.Topic == "" {
			continue // refused already
		}
		if before, ok := names[s.Name]; ok {
			d.report(from.at("name", "topic"), from.path+"name", fmt.Sprintf("is also the name of the stream in line %d", before.pos.Line),
				"give each stream a name of its own; its cursor is stored under it")
		} else if before, ok := topics[s.Topic]; ok {
			d.report(from.at("topic", "name"), from.path+"topic", fmt.Sprintf("is also the topic of the stream in line %d", before.pos.Line),
				"give each stream a topic of its own")
		}
		if _, ok := names[s.Name]; !ok {
			names[s.Name] = from
		}
		if _, ok := topics[s.Topic]; !ok {
			topics[s.Topic] = from
		}
		if letters[s.Topic] {
			d.report(from.at("topic", "name"), from.path+"topic", "is where another stream's dead letters go", "give it a topic that does not end in "+deadLetters)
		}
		if s.Topic+deadLetters == c.Kafka.StateTopic {
			d.report(from.at("topic", "name"), from.path+"topic", "has the state topic for its dead letters", "change topic or kafka.state_topic")
		}
		if s.Topic == c.Kafka.StateTopic {
			d.report(from.at("topic", "name"), from.path+"topic", "is the state topic", "records and cursors need topics of their own; change topic or kafka.state_topic")
		}
	}
}
