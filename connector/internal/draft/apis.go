package draft

import (
	"fmt"
	"slices"
	"strconv"
)

// APIs collects the entries of apis that drafted streams refer to. The zero value has none.
type APIs struct{ all []api }

type api struct {
	name    string
	written string // what tells it from others
	section Section
}

// Name is the name of the entry, which is a new one where none is like it.
func (a *APIs) Name(section Section) string {
	written := fmt.Sprintf("%#v", section)
	for _, one := range a.all {
		if one.written == written {
			return one.name
		}
	}
	name := "api"
	if len(a.all) > 0 {
		name += "_" + strconv.Itoa(len(a.all)+1)
	}
	a.all = append(a.all, api{name, written, section})
	return name
}

// Into gives the file the entries that a translated stream of it refers to.
func (a *APIs) Into(f *File) {
	used := Section{}
	for _, one := range a.all {
		if slices.ContainsFunc(f.Streams, func(s Stream) bool { return s.Translated && s.Settings.Get("api") == one.name }) {
			used.Set(one.name, one.section, "")
		}
	}
	if len(used) > 0 {
		f.Top.Set("apis", used, "")
	}
}
