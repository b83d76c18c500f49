package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// sampled is how many pages of a list are read before it is probed: the rest of the requests are for the probe.
const sampled = 3

// Probe drafts a stream of what an API answers, as FromURL does, and asks on as connector.Probe does, with at most o.Requests
// requests together. each gets the report. The draft has the settings that were found. Errors have class Config or Source.
func Probe(ctx context.Context, o URL, env func(string) (string, bool), each func(connector.ProbeReport)) (*Draft, error) {
	o.Pages = sampled
	d, found, err := explored(ctx, o, env)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, class.Errorf(class.Source, "%s: %s", d.Streams[0].Place, d.Streams[0].Reason)
	}
	if err := prove(d); err != nil {
		return nil, err
	}
	if d.Translated() == 0 {
		return nil, nothing(d)
	}
	cfg, clean, err := loaded(d, env)
	if err != nil {
		return nil, err
	}
	defer clean()
	left := o.Requests - found.Asked
	if left < 1 {
		return nil, class.Errorf(class.Config, "%d requests were needed to see where rows stand and how pages follow each other, and none is left to probe with: allow more (--requests)", found.Asked)
	}
	s := &d.Streams[0]
	forget(s, "how the last page looks") // a probe looks for it
	var wrong error
	err = connector.Probe(ctx, cfg, s.Name, left, func(r connector.ProbeReport) {
		r.Requests, r.Budget = r.Requests+found.Asked, o.Requests
		each(r)
		for _, x := range r.Settings {
			wrong = errors.Join(wrong, take(s, x.Key, x.Value))
		}
	})
	return d, errors.Join(err, wrong)
}

// loaded is the draft as a run would have it.
func loaded(d *Draft, env func(string) (string, bool)) (cfg *config.Config, clean func(), err error) {
	dir, err := os.MkdirTemp("", "tidemark-probe-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a directory for the draft: %w", err)
	}
	clean = func() { _ = os.RemoveAll(dir) } // it is the system's to clean as well
	path := filepath.Join(dir, ConfigFile)
	for _, s := range d.Streams {
		f := file{filepath.Join(dir, filepath.FromSlash(draft.SchemaFile(s.Name))), []byte(s.Schema)}
		if err := f.write(true); err != nil {
			clean()
			return nil, nil, fmt.Errorf("writing the draft: %w", err)
		}
	}
	both := func(name string) (string, bool) { // what was written out is sent, though it stands nowhere
		if value, ok := env(name); ok {
			return value, ok
		}
		return d.Sample(name)
	}
	cfg, err = config.Parse(path, d.Render(path), both, config.Overrides{})
	if err != nil {
		clean()
		return nil, nil, err
	}
	return cfg, clean, nil
}

// take gives the draft a setting that was found, whose value is written as in YAML.
func take(s *draft.Stream, key, value string) error {
	root, fault := nodes.YAML([]byte("value: "+value), nodes.Limits{Depth: 10})
	if fault != nil {
		return fmt.Errorf("reading the value of %s: %w", key, fault)
	}
	v, err := valueOf(root.Find("value"))
	if err != nil {
		return fmt.Errorf("reading the value of %s: %w", key, err)
	}
	if key == "strategy" && s.Settings.Get("strategy") != v {
		unset(s, "poll_interval")
		forget(s, aboutChanges)
	}
	put(&s.Settings, strings.Split(key, "."), v, "found by a probe")
	return nil
}

// valueOf is a value as a draft has it.
func valueOf(n *nodes.Node) (any, error) {
	switch n.Kind {
	case nodes.Text:
		return n.Text, nil
	case nodes.Bool:
		return n.True(), nil
	case nodes.Number:
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return i, nil
		}
		return strconv.ParseFloat(n.Text, 64)
	case nodes.List:
		list := draft.List{}
		for _, item := range n.Items {
			v, err := valueOf(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a setting found by a probe is %q", n.Text)
}
