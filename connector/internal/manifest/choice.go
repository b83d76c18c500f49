package manifest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/connector/internal/nodes"
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
		} else if ok && (e.text == "lower" || e.text == "upper") {
			return t.noted(path, ", in "+e.text+" case"), true
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
			return t.noted(path, ", without what stands around it"), true
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
		if !known || !v.Scalar() {
			return false
		}
		options = append(options, v.Text)
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
	return t.made(path, "one of "+strings.Join(shown, ", ")+", as the setting "+strings.Join(path, ".")+" says", options[0]), true
}

// made is a text that is made of a setting. about says how, and tells it from others that are made of the same setting.
func (t *translator) made(path []string, about, sample string) phrase {
	v := t.settings.named(path, "_TEXT")
	for i := 2; v.about != about && v.made; i++ {
		v = t.settings.named(path, "_TEXT_"+strconv.Itoa(i))
	}
	v.about, v.sample, v.made = about, sample, true
	return phrase{{v.ref(""), isEnv}}
}

// ofSettings is the text of an expression that hangs on nothing but settings: whoever knows them can give it.
func (t *translator) ofSettings(f fragment, p part) (phrase, bool) {
	var path []string
	var only func(e *expr) bool
	only = func(e *expr) bool {
		if e == nil {
			return true
		}
		if found, ok := t.configPath(e, p); ok {
			if path == nil {
				path = found
			}
			return true
		}
		if e.op == opName {
			return slices.Contains([]string{"config", "parameters", "options", "timestamp", "int", "str", "max", "min"}, e.text)
		}
		return !slices.ContainsFunc(e.args, func(a *expr) bool { return !only(a) })
	}
	if !only(f.expr) || path == nil {
		return nil, false
	}
	return t.made(path, "what the definition makes of the setting "+strings.Join(path, ".")+" by {{ "+strings.Join(strings.Fields(f.source), " ")+" }}", "x"), true
}

// joined is a list of the settings as one text.
func (t *translator) joined(path []string, sep *expr, p part) (phrase, bool) {
	between, known := t.eval(sep, p)
	if !known || between.Kind != nodes.Text {
		return nil, false
	}
	return t.noted(path, ", its values with "+strconv.Quote(between.Text)+" between them"), true
}

// noted is a setting that the environment has in a form that a note tells.
func (t *translator) noted(path []string, note string) phrase {
	v := t.settings.named(path, "")
	if !strings.Contains(v.about, note) {
		v.about += note
	}
	return phrase{{v.ref(""), isEnv}}
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
