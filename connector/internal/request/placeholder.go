package request

import (
	"encoding/json"
	"strings"

	"tidemark/connector/internal/text"
)

const braces = "write {{ for the character itself"

// part is a literal or a placeholder of a text, as it is written.
type part struct {
	offset  int
	literal string // where role is ""
	env     bool   // it came from the environment
	role    Role
	cut     string // {link?cut}
	filters []string
	def     string
	hasDef  bool
}

// mistake is what is wrong with a text, and where in it.
type mistake struct {
	offset        int
	message, hint string
}

// split cuts a text into literals and placeholders. What env says came from the environment is a
// literal, braces and all.
func split(s string, env [][2]int) (parts []part, wrong *mistake) {
	var lit strings.Builder
	start, doubled := 0, 0
	flush := func(next int) {
		if lit.Len() > 0 {
			parts = append(parts, part{offset: start, literal: lit.String()})
			lit.Reset()
		}
		start = next
	}
	for i := 0; i < len(s); {
		if len(env) > 0 && env[0][0] <= i {
			flush(i)
			if to := env[0][1]; to > i {
				parts = append(parts, part{offset: i, literal: s[i:to], env: true})
				i, start = to, to
			}
			env = env[1:]
			continue
		}
		rest := s[i:]
		if len(env) > 0 {
			rest = s[i:env[0][0]]
		}
		switch {
		case strings.HasPrefix(rest, "{{"):
			doubled++
			lit.WriteByte('{')
			i += 2
		case doubled > 0 && strings.HasPrefix(rest, "}}"):
			doubled--
			lit.WriteByte('}')
			i += 2
		case rest[0] == '{' && len(rest) > 1 && letter(rest[1]):
			flush(i)
			end := strings.IndexByte(rest, '}')
			if end < 0 {
				return nil, &mistake{i, "a placeholder has no closing brace", "close it, or " + braces}
			}
			p, m := placeholder(rest[1:end])
			if m != nil {
				m.offset += i + 1
				return nil, m
			}
			p.offset = i
			parts = append(parts, p)
			i += end + 1
			start = i
		default:
			if end := strings.IndexByte(rest, '}'); rest[0] == '{' && end > 0 {
				if name := strings.TrimSpace(rest[1:end]); known(Role(name)) {
					return nil, &mistake{i, "a placeholder has blanks in its braces", "write {" + name + "}, or " + braces}
				}
			}
			lit.WriteByte(rest[0])
			i++
		}
	}
	flush(len(s))
	return parts, nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// placeholder reads what stands between the braces.
func placeholder(s string) (p part, wrong *mistake) {
	body := s
	if i := strings.IndexByte(s, '|'); i >= 0 {
		body, p.def, p.hasDef = s[:i], s[i+1:], true
	}
	name, filters, filtered := strings.Cut(body, ":")
	for at := len(name) + 1; filtered; {
		f := filters
		if strings.HasPrefix(f, "%") {
			filtered = false
		} else {
			f, filters, filtered = strings.Cut(filters, ":")
		}
		if f == "" {
			return p, &mistake{at, "a placeholder has a colon with nothing behind it", "remove it, or name a format"}
		}
		p.filters = append(p.filters, f)
		at += len(f) + 1
	}
	name, cut, cuts := strings.Cut(name, "?")
	p.role, p.cut = Role(name), cut
	switch {
	case !known(p.role):
		names := make([]string, 0, len(roles))
		for _, r := range roles {
			names = append(names, string(r))
		}
		hint := "there are " + strings.Join(names, ", ") + ", parent.<field>; " + braces
		if near := text.Nearest(strings.ToLower(name), names); near != "" {
			hint = "did you mean {" + near + "}? " + braces
		}
		return p, &mistake{0, "there is no such placeholder", hint}
	case cuts && p.role != Link:
		return p, &mistake{len(name), "only {link} has parameters that can be cut out", "write {" + name + "}"}
	case cuts && cut == "":
		return p, &mistake{len(name), "{link?} does not say which parameter", "write {link?name}"}
	}
	return p, nil
}

// piece makes the compiled form of a placeholder that stands in a place.
func (p part) piece(at place, alone bool) (piece, *mistake) {
	out := piece{role: p.role, cut: p.cut, json: at == inJSON}
	bare := false
	for _, f := range p.filters {
		switch {
		case f == "number":
			if at != inJSON || !alone {
				return out, &mistake{p.offset, "number is for a JSON string that holds nothing else", "remove :number"}
			}
			bare = true
		case f == "json":
			if at == inJSON {
				return out, &mistake{p.offset, "the strings of a JSON body are escaped already", "remove :json"}
			}
			out.json = true
		case out.format != nil:
			return out, &mistake{p.offset, "a placeholder has two formats", "keep one of them"}
		default:
			if p.role.parent() {
				return out, &mistake{p.offset, "a format is for times, and a parent's field is sent as its row has it", "remove it"}
			}
			if p.role != Since && p.role != Until {
				return out, &mistake{p.offset, "a format is for {since} and {until}", "remove it"}
			}
			format, message := ParseFormat(f)
			if message != "" {
				return out, &mistake{p.offset, message, "the formats are " + strings.Join(FormatNames(), ", ") + " and those of strftime, which begin with %"}
			}
			out.format = format
		}
	}
	if out.bare = bare; bare {
		out.json = false
		if p.hasDef && !json.Valid([]byte(p.def)) {
			return out, &mistake{p.offset, "the default behind :number is no JSON value", "write a number or null"}
		}
	}
	if out.hasDef = p.hasDef; p.hasDef {
		if out.def = string(escape(nil, p.def, at, out.json)); bare {
			out.def = p.def
		}
	}
	return out, nil
}
