package config

import (
	"os"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
)

// LoadSound is Load for who has more to say of a configuration: beside the Problems it returns a Config of the streams
// that have none, and of nothing else, so that these can be looked at further. It is nil where the file could not be read.
func LoadSound(path string, o Overrides) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, unread(path, err)
	}
	c, sources, problems := judge(path, data, os.LookupEnv, o, readFile)
	if len(problems) == 0 {
		return c, nil
	}
	sound := Default()
	for i, s := range c.Streams {
		if i < len(sources) && !problems.concern(sources[i], s.API) {
			sound.Streams = append(sound.Streams, s)
		}
	}
	return sound, class.Wrap(class.Config, problems)
}

// concern reports whether one of the problems is a stream's, or that of its api.
func (ps Problems) concern(from source, api string) bool {
	stream := strings.TrimSuffix(from.path, ".")
	of := func(key, section string) bool { return key == section || strings.HasPrefix(key, section+".") }
	return slices.ContainsFunc(ps, func(p Problem) bool {
		return stream == "" || of(p.Key, stream) || api != "" && of(p.Key, "apis."+api)
	})
}
