package rest

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
)

// RuleError is an answer that the configuration takes for an error of its own. It is no
// *StatusError, so that nobody reads a page's limit or the end of a list into it.
type RuleError struct {
	Rule   string // errors[1]
	Status int

	text string
}

func (e *RuleError) Error() string { return e.text }

// rule is one of Options.Errors. It matches an answer that all it gives fits.
type rule struct {
	name     string
	statuses []config.StatusRange // none: all
	pages    bool                 // looks at answers that would be pages, too
	body     *bodyTest            // nil: it gives none
	contains []byte               // "": it gives none
	action   string
	wait     time.Duration
	message  string
}

func newRules(configured []config.ErrorRule) (rules []rule, err error) {
	for i, x := range configured {
		r := rule{
			name: fmt.Sprintf("errors[%d]", i), statuses: x.Status, contains: []byte(x.Contains),
			action: x.Action, wait: x.Wait, message: x.Message,
			// A page's rows may hold any text: it is looked at where a status or a path says so.
			pages: x.Body.Path != "" || len(x.Status) > 0,
		}
		if x.Body.Path != "" {
			t := &bodyTest{path: strings.Split(x.Body.Path, "."), equals: x.Body.Equals}
			if x.Body.Matches != "" {
				if t.matches, err = regexp.Compile(x.Body.Matches); err != nil {
					return nil, fmt.Errorf("%s.body.matches: %w", r.name, err)
				}
			}
			r.body = t
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// readPages reports whether a rule looks into the body of an answer that would be a page.
func readPages(rules []rule) bool {
	for i := range rules {
		if r := &rules[i]; r.pages && (r.body != nil || len(r.contains) > 0) &&
			(r.at(http.StatusOK) || r.at(http.StatusNonAuthoritativeInfo)) {
			return true
		}
	}
	return false
}

// ruleFor is the first rule that matches the answer; nil: none does. page says that the answer
// would be one.
func ruleFor(rules []rule, status int, body []byte, page bool) *rule {
	for i := range rules {
		if r := &rules[i]; (r.pages || !page) && r.at(status) && r.in(body) {
			return r
		}
	}
	return nil
}

func (r *rule) at(status int) bool {
	if len(r.statuses) == 0 {
		return true
	}
	for _, s := range r.statuses {
		if status >= s.From && status <= s.To {
			return true
		}
	}
	return false
}

func (r *rule) in(body []byte) bool {
	return (r.body == nil || r.body.in(body)) && (len(r.contains) == 0 || bytes.Contains(body, r.contains))
}

// judged is what a rule makes of an answer.
func (c *Client) judged(r *rule, raw *http.Response, q *request.Request, date time.Time, body []byte) (*Response, error) {
	hint := c.secrets.Hide(r.message)
	if hint == "" {
		hint = fmt.Sprintf("%s of the configuration says %s", r.name, r.action)
	}
	p, _ := asked(raw.StatusCode, raw.Header, date)
	e := c.statusError(raw, q, body, p, hint)
	ruled := &RuleError{Rule: r.name, Status: raw.StatusCode, text: e.Error()}
	if r.action == config.ErrorRetry {
		if p.wait == 0 && r.wait > 0 {
			p = pause{r.wait, r.name + ".wait: " + r.wait.String()}
		}
		return nil, c.again(ruled, p)
	}
	c.heed(raw.Header, date)
	switch r.action {
	case config.ErrorSkip:
		return &Response{URL: q.Shown, Status: raw.StatusCode, Header: raw.Header, Date: date.UTC(), Skipped: true, client: c}, nil
	case config.ErrorEnd:
		e.End = true
		return nil, class.Wrap(class.Source, e)
	}
	return nil, class.Wrap(class.Source, ruled)
}
