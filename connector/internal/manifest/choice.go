package manifest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/connector/internal/request"
)

// ofSetting is a text that is made of a setting in a way that the environment can as well: one of several texts that it
// chooses, a list that is joined, a time in another form.
func (t *translator) ofSetting(e *expr, p part) (phrase, bool) {
	switch e.op {
	case opIf:
		return t.choice(e, p)
	case opFilter:
		if path, ok := t.configPath(e.args[0], p); ok && e.text == "join" && len(e.args) == 2 {
			return t.joined(path, e.args[1], p)
		}
	case opCall:
		fn := e.args[0]
		switch {
		case len(e.args) == 2 && fn.op == opGet && fn.args[1].text == "join":
			if path, ok := t.configPath(e.args[1], p); ok {
				return t.joined(path, fn.args[0], p)
			}
		case fn.op == opGet && slices.Contains([]string{"strip", "rstrip", "lstrip"}, fn.args[1].text):
			path, ok := t.configPath(fn.args[0], p)
			if !ok {
				return nil, false
			}
			v := t.settings.named(path, "")
			if note := ", without what stands around it"; !strings.Contains(v.about, note) {
				v.about += note
			}
			return phrase{{v.ref(""), isEnv}}, true
		case fn.op == opName && fn.text == "format_datetime" && len(e.args) > 2:
			path, ok := t.configPath(e.args[1], p)
			layout, known := t.eval(e.args[2], p)
			if !ok || !known {
				return nil, false
			}
			return t.retimed(path, textOf(layout))
		}
	}
	return nil, false
}

// choice is one of several texts, of which a setting chooses. It becomes a variable that has the text itself.
func (t *translator) choice(e *expr, p part) (phrase, bool) {
	var path, options []string
	var find func(e *expr) bool // the setting in a condition of nothing else
	find = func(e *expr) bool {
		if found, ok := t.configPath(e, p); ok {
			if path == nil {
				path = found
			}
			return true
		}
		if _, known := t.eval(e, p); known {
			return true
		}
		switch e.op {
		case opNot, opAnd, opOr, opCompare, opTest:
			return !slices.ContainsFunc(e.args, func(a *expr) bool { return !find(a) })
		}
		return false
	}
	var collect func(e *expr) bool
	collect = func(e *expr) bool {
		if e == nil {
			options = append(options, "")
			return true
		}
		if e.op == opIf {
			return find(e.args[0]) && collect(e.args[1]) && collect(e.args[2])
		}
		v, known := t.eval(e, p)
		if !known || !v.scalar() {
			return false
		}
		options = append(options, v.text)
		return true
	}
	if !collect(e) || path == nil {
		return nil, false
	}
	var shown []string
	for _, o := range options {
		if o = strconv.Quote(o); !slices.Contains(shown, o) {
			shown = append(shown, o)
		}
	}
	about := "one of " + strings.Join(shown, ", ") + ", as the setting " + strings.Join(path, ".") + " says"
	v := t.settings.named(path, "_TEXT")
	for i := 2; v.about != about && strings.HasPrefix(v.about, "one of "); i++ { // the same setting chooses other texts, too
		v = t.settings.named(path, "_TEXT_"+strconv.Itoa(i))
	}
	v.about, v.sample = about, options[0]
	return phrase{{v.ref(""), isEnv}}, true
}

// joined is a list of the settings as one text.
func (t *translator) joined(path []string, sep *expr, p part) (phrase, bool) {
	between, known := t.eval(sep, p)
	if !known || between.kind != isText {
		return nil, false
	}
	v := t.settings.named(path, "")
	if note := ", its values with " + strconv.Quote(between.text) + " between them"; !strings.Contains(v.about, note) {
		v.about += note
	}
	return phrase{{v.ref(""), isEnv}}, true
}

// retimed is a time of the settings, written in a layout.
func (t *translator) retimed(path []string, layout string) (phrase, bool) {
	hole, _, ok := asked("since", layout)
	if !ok || !strings.HasPrefix(hole, "{since:") {
		return nil, false
	}
	filter := strings.TrimSuffix(strings.TrimPrefix(hole, "{since:"), "}")
	f, message := request.ParseFormat(filter)
	if message != "" {
		return nil, false
	}
	v := t.settings.named(path, "_"+envName([]string{filter}))
	v.sample = f.Render(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	v.about = "setting " + strings.Join(path, ".") + ", written like " + v.sample
	return phrase{{v.ref(""), isEnv}}, true
}
