package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
)

// Overrides are the command-line flags that stand above the file. Empty ones say
// nothing.
type Overrides struct {
	Strategy    string   // --strategy: of every stream
	Brokers     []string // --brokers
	RegistryURL string   // --registry-url
}

// Load reads the configuration at path, with ${NAME} taken from the process's
// environment. What is wrong with it comes back as Problems, all of them; any error
// has class Config.
func Load(path string, o Overrides) (*Config, error) {
	return LoadNoting(path, o, func(string) {})
}

// LoadNoting is Load that calls note with the path of each file before it reads it, of those too that cannot be read or
// are wrong: whoever waits for a file to change has to know them.
func LoadNoting(path string, o Overrides, note func(path string)) (*Config, error) {
	read := func(path string) ([]byte, error) {
		note(path)
		return readFile(path)
	}
	data, err := read(path)
	if err != nil {
		return nil, unread(path, err)
	}
	return parse(path, data, os.LookupEnv, o, read)
}

// unread is the error of a file that cannot be read.
func unread(path string, err error) error {
	return class.Errorf(class.Config, "reading the configuration %s: %w (give its path with -c)", path, err)
}

// Parse is Load on bytes. The name's extension decides between JSON and YAML, and a
// stream's schema is looked for beside it. A nil env is an empty environment.
func Parse(name string, data []byte, env func(string) (string, bool), o Overrides) (*Config, error) {
	return parse(name, data, env, o, readFile)
}

func parse(name string, data []byte, env func(string) (string, bool), o Overrides, read func(string) ([]byte, error)) (*Config, error) {
	c, _, problems := judge(name, data, env, o, read)
	if len(problems) > 0 {
		return nil, class.Wrap(class.Config, problems)
	}
	return c, nil
}

// judge reads a configuration, whatever is wrong with it. The sources belong to its streams one by one.
func judge(name string, data []byte, env func(string) (string, bool), o Overrides, read func(string) ([]byte, error)) (*Config, []source, Problems) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	d := &decoder{env: env, readFile: read, dir: filepath.Dir(name), lines: strings.Split(string(data), "\n")}
	root, problem := parseTree(name, data)
	if problem != nil {
		d.problems = Problems{*problem}
		root = nil
	}
	c := Default()
	var sources []source
	if root != nil {
		sources = d.config(c, root)
	}
	d.flags(c, o)
	if root != nil {
		d.check(c, sources, o)
	}
	return c, sources, d.problems.once().sorted()
}

// readFile reads a regular file, of one that is larger than maxFile just enough to tell.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.IsDir() {
		return nil, errors.New("it is a directory")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	return data, nil
}

// withoutPath drops the path from a file error: the caller has named it, or must not
// because it came from the environment (P11).
func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// source is where a stream was read from.
type source struct {
	path  string // "streams[1]." or "" in the flat form
	pos   Position
	given given
	bad   bool // one of its keys has a problem already
	api   *api // nil: it refers to none
}

// config reads the whole file. The returned sources belong to c.Streams one by one.
func (d *decoder) config(c *Config, root *node) []source {
	top := topFields(c)
	if root.kind != isObject {
		d.report(root.pos, "", "the file is "+root.kind.String()+", not a section of keys", "begin with strategy and base_url, or with streams")
		return nil
	}
	d.readAPIs(root)
	i := slices.IndexFunc(root.entries, func(e entry) bool { return e.key == "streams" })
	if i < 0 {
		return d.flat(c, root, top)
	}
	streamKey := func(key string) string {
		if isKey(streamFields(&Stream{}), key) {
			return "it belongs in an entry of streams"
		}
		return elsewhere(key)
	}
	withStreams := append(slices.Clone(top), field{name: "streams", kind: raw})
	d.top = source{given: d.object("", root, withStreams, streamKey), pos: root.pos}
	streams := root.entries[i].value
	if streams.kind != isList || len(streams.items) == 0 {
		message := "must be a list of streams, not " + streams.kind.String()
		if streams.kind == isList {
			message = "names no stream"
		}
		d.report(streams.pos, "streams", message, "give each stream an entry with name, url and strategy")
		return nil
	}
	var sources []source
	for i, item := range streams.items {
		path := fmt.Sprintf("streams[%d]", i)
		if item.kind != isObject {
			d.report(item.pos, path, "must be a section, not "+item.kind.String(), "a stream has at least name, url and strategy")
			continue
		}
		s, before := blankStream(), len(d.problems)
		s.Pos = item.pos
		from := source{path: path + ".", pos: item.pos}
		item, s.shared = d.joined(item, &from)
		from.given = d.object(from.path, item, streamFields(&s), elsewhere)
		from.bad = len(d.problems) > before || from.api != nil && from.api.from.bad
		c.Streams = append(c.Streams, s)
		sources = append(sources, from)
	}
	return sources
}

// flat reads the form with one stream's keys at the top.
func (d *decoder) flat(c *Config, root *node, top []field) []source {
	s, before := blankStream(), len(d.problems)
	s.Pos = root.pos
	fields := streamFields(&s)
	stream := slices.ContainsFunc(root.entries, func(e entry) bool { return isKey(fields, e.key) })
	from := source{pos: root.pos}
	root, s.shared = d.joined(root, &from)
	from.given = d.object("", root, append(top, fields...), elsewhere)
	d.top = source{given: from.given, pos: root.pos}
	if !stream {
		d.report(root.pos, "", "the file names no stream", "give it strategy and base_url, or a list of streams")
		return nil
	}
	c.Streams = append(c.Streams, s)
	from.bad = len(d.problems) > before || from.api != nil && from.api.from.bad
	return []source{from}
}

func isKey(fields []field, key string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.name == key || f.alias != "" && f.alias == key })
}

// elsewhere is the hint for a key that another section has.
func elsewhere(key string) string {
	var c Config
	sections := []struct {
		name   string
		fields []field
	}{{"kafka", kafkaFields(&c.Kafka)}, {"schema_registry", registryFields(&c.SchemaRegistry)}, {"http", httpFields(&c.HTTP)}, {"params", paramFields(&Params{})}, {"request", requestFields(&Request{})},
		{"tls", tlsFields(&TLS{}, "")}, {"auth", authFields(&Auth{})}}
	for _, s := range sections {
		if isKey(s.fields, key) {
			return "it belongs in " + s.name
		}
	}
	if isKey(topFields(&c), key) {
		return "it belongs at the top of the file"
	}
	return ""
}

// flags puts the overrides over the file.
func (d *decoder) flags(c *Config, o Overrides) {
	if len(o.Brokers) > 0 {
		for _, b := range o.Brokers {
			if message, hint := checkHost(b); message != "" {
				d.report(Position{}, "--brokers", message, hint)
			}
		}
		c.Kafka.Brokers = o.Brokers
	}
	if o.RegistryURL != "" {
		if message, hint := checkURL(o.RegistryURL); message != "" {
			d.report(Position{}, "--registry-url", message, hint)
		}
		c.SchemaRegistry.URL = o.RegistryURL
	}
}
