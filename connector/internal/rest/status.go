package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidemark/strategies"
)

// doing is what a status makes the client do.
type doing int

const (
	fail  doing = iota // give up at once, with the API's message
	retry              // ask again, after Retry-After or a backoff
	page               // read the body and ask accept
)

// action is a line of the status table.
type action struct {
	do   doing
	hint string // what it means or what to do, behind the API's own message
}

// actions is the one table from status to action. Statuses that are not in it fall to
// classActions.
var actions = map[int]action{
	http.StatusOK:                   {page, ""},
	http.StatusNonAuthoritativeInfo: {page, ""},

	// Answers without a page. Like a 200 without its data array they are no end (P8).
	http.StatusAccepted:       {retry, "the API has no answer ready yet"},
	http.StatusNoContent:      {retry, "the answer has no body"},
	http.StatusResetContent:   {retry, "the answer has no body"},
	http.StatusPartialContent: {fail, "a part of an answer came although the whole was asked for"},

	http.StatusRequestTimeout:  {retry, "the API waited too long for the request"},
	http.StatusTooEarly:        {retry, "the API does not take early data"},
	http.StatusTooManyRequests: {retry, "too many requests: set rate_limit to stay below the API's limit"},

	http.StatusBadRequest:                  {fail, "the API does not take these parameters: look at page_size, params and query"},
	http.StatusUnauthorized:                {fail, "the API wants other credentials: look at headers and query"},
	http.StatusPaymentRequired:             {fail, "the account may not use this API"},
	http.StatusForbidden:                   {fail, "the credentials do not reach this collection"},
	http.StatusNotFound:                    {fail, "there is no such collection: look at the url"},
	http.StatusMethodNotAllowed:            {fail, "the url cannot be read with GET"},
	http.StatusNotAcceptable:               {fail, "the API cannot answer in JSON"},
	http.StatusProxyAuthRequired:           {fail, "the proxy wants credentials: look at HTTP_PROXY and HTTPS_PROXY"},
	http.StatusGone:                        {fail, "what was asked for is no longer there"},
	http.StatusRequestURITooLong:           {fail, "the request's parameters are too long for the API"},
	http.StatusUnprocessableEntity:         {fail, "the API does not take these parameters: look at page_size, params and query"},
	http.StatusRequestHeaderFieldsTooLarge: {fail, "the request's headers are too large for the API"},
	http.StatusUnavailableForLegalReasons:  {fail, "the API may not serve this collection here"},

	http.StatusInternalServerError: {retry, "the API failed"},
	http.StatusBadGateway:          {retry, "a gateway got no answer from the API"},
	http.StatusServiceUnavailable:  {retry, "the API is overloaded or down"},
	http.StatusGatewayTimeout:      {retry, "a gateway waited too long for the API"},
}

// classActions holds what the hundreds of a status say.
var classActions = map[int]action{
	2: {fail, "this status brings no page"},
	3: {fail, "a redirect without an address to go to"},
	4: {fail, "the API refuses the request"},
	5: {retry, "the API failed"},
}

func actionFor(status int) action {
	if a, ok := actions[status]; ok {
		return a
	}
	if a, ok := classActions[status/100]; ok {
		return a
	}
	return action{fail, "HTTP has no such status"}
}

// StatusError is an answer whose status is not that of a page.
type StatusError struct {
	Status     int
	URL        string        // as asked, secrets replaced
	Message    string        // the API's own words, one line, clipped; "" where it had none
	RetryAfter time.Duration // what the API asked to wait; 0: it did not say
	Limits     []int         // numbers that an answer in JSON gives as a maximum
	Method     string        // "": GET
	End        bool          // the configuration takes the answer for the end of the list (errors)

	hint string
}

// Means is the status as strategies.Refused takes it.
func (e *StatusError) Means() int {
	if e.End {
		return strategies.Said
	}
	return e.Status
}

func (e *StatusError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", cmp.Or(e.Method, http.MethodGet), e.URL, e.Status)
	if t := http.StatusText(e.Status); t != "" {
		b.WriteString(" " + t)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.hint != "" {
		b.WriteString(" (" + e.hint + ")")
	}
	return b.String()
}
