package config

import (
	"fmt"
	"iter"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	txt "tidemark/connector/internal/text"
)

// checkText says what is wrong with a string; %s in the message stands for the value
// as the file writes it.
func (f field) checkText(s string) (message, hint string) {
	switch {
	case s == "" && !f.empty:
		return "must not be empty", "give it a value or remove the key"
	case len(f.enum) > 0 && !slices.Contains(f.enum, s):
		hint = f.hint()
		if near := txt.Nearest(s, f.enum); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		article := "a "
		if strings.IndexAny(f.name, "aeiou") == 0 {
			article = "an "
		}
		return "%s is not " + article + strings.ReplaceAll(f.name, "_", " "), hint
	case f.topic && !validTopic(s):
		what := "topic"
		if f.name == "name" {
			what = "stream"
		}
		return "%s cannot be the name of a " + what, "up to 249 letters, digits, dots, dashes and underscores"
	case f.topic && f.name != "name" && internalTopic(s):
		return "%s is a topic that Kafka or its registry keeps for itself", "write to another one"
	case strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' || r == 0x7f) && !(f.lines && r == '\n') }):
		return "has a line break or another control character in it", "is there one at the end of an environment variable?"
	}
	return "", ""
}

// internalTopic reports whether brokers, registries or Connect keep a topic of that name for
// themselves: what others write there can stop them.
func internalTopic(s string) bool {
	return strings.HasPrefix(s, "__") || slices.Contains(internalTopics, s)
}

var internalTopics = []string{"_schemas", "kafkasql-journal", "connect-configs", "connect-offsets", "connect-status"}

func validTopic(s string) bool {
	return s != "" && len(s) <= 249 && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	})
}

// checkURL never quotes the URL: it may carry a credential (P11).
func checkURL(s string) (message, hint string) {
	u, err := url.Parse(s)
	hint = wants[address][1]
	switch {
	case s == "":
		return "must not be empty", hint
	case err != nil:
		return "is not a URL", hint
	case u.Scheme != "http" && u.Scheme != "https":
		return "does not begin with http:// or https://", hint
	case u.Hostname() == "":
		return "names no host", hint
	case u.User != nil:
		return "holds a user name or a password", "send them with headers, schema_registry.username and schema_registry.password, taken from ${NAME}"
	case u.Fragment != "":
		return "has a # part, which is never sent", "remove it"
	}
	if p := u.Port(); p != "" && !validPort(p) {
		return "has a port that is none", "from 1 to 65535"
	}
	return "", ""
}

// checkURL is the function checkURL for a key that may hold a user name and a password.
func (f field) checkURL(s string) (message, hint string) {
	if u, err := url.Parse(s); f.user && err == nil && u.User != nil {
		u.User = nil
		s = u.String()
	}
	return checkURL(s)
}

func validPort(s string) bool {
	p, err := strconv.Atoi(s)
	return err == nil && p >= 1 && p <= 65535
}

// checkHost does not quote the host: it may come from the environment.
func checkHost(s string) (message, hint string) {
	host, port, err := net.SplitHostPort(strings.TrimSpace(s))
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") || !validPort(port) {
		return "a broker is not host:port", wants[hosts][1]
	}
	return "", ""
}

func validHeader(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// named are the entries of a section of any names, each with its key for messages. One that is empty, is given
// twice or is not the name of a header is reported and left out.
func (d *decoder) named(key string, n *node, headers bool) iter.Seq2[string, entry] {
	return func(yield func(string, entry) bool) {
		first := map[string]int{}
		for _, e := range n.entries {
			at, name := key+"."+clip(e.key), e.key
			if headers {
				name = strings.ToLower(name) // header names have no case
			}
			line, twice := first[name]
			switch {
			case twice:
				d.report(e.pos, at, fmt.Sprintf("is given twice, first in line %d", line), "keep one of the two")
				continue
			case e.key == "":
				d.report(e.pos, key, "has a key that is empty", "give it a name or remove it")
				continue
			case headers && !validHeader(e.key):
				d.report(e.pos, at, "is not the name of a header", "letters, digits and dashes")
				continue
			}
			if first[name] = e.pos.Line; !yield(at, e) {
				return
			}
		}
	}
}
