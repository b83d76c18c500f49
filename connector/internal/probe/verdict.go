package probe

import "tidemark/strategies"

// Verdict is what a probe makes of one question.
type Verdict struct {
	Question string         `json:"question"`
	Answer   strategies.Tri `json:"answer"`             // "yes", "no" or "unknown"
	Says     string         `json:"says"`               // what was found, or why nothing was, with what shows it
	URL      string         `json:"url,omitempty"`      // of the request that shows it, secrets replaced
	Requests int            `json:"requests"`           // that it took, beside those of the questions before
	Rows     int            `json:"rows"`               // that it was told by
	Settings []Setting      `json:"settings,omitempty"` // what follows from it for the configuration
}

// Setting is a key of a stream and its value, as a configuration writes it.
type Setting struct {
	Key   string `json:"key"` // with the section before it: params.since
	Value string `json:"value"`
	Now   string `json:"now,omitempty"` // what the configuration says
}

// Report is what a probe found out of one stream's API.
type Report struct {
	Stream   string    `json:"stream"`
	Requests int       `json:"requests"` // that were sent, retries included
	Budget   int       `json:"budget"`   // that could have been
	Verdicts []Verdict `json:"verdicts"`

	Strategy string    `json:"strategy"`        // what is recommended; "": nothing that is known fits
	Sure     bool      `json:"sure"`            // all that it needs was seen
	Settings []Setting `json:"settings"`        // that differ from the configuration, or go with another strategy
	Blind    string    `json:"cannot_see"`      // what the strategy cannot see
	Deletes  string    `json:"deletes"`         // how rows that are gone are told
	Error    string    `json:"error,omitempty"` // why the probe ended early
}

func yes(says string, rows int) Verdict {
	return Verdict{Answer: strategies.Yes, Says: says, Rows: rows}
}
func no(says string, rows int) Verdict { return Verdict{Answer: strategies.No, Says: says, Rows: rows} }
func unknown(says string, rows int) Verdict {
	return Verdict{Answer: strategies.Unknown, Says: says, Rows: rows}
}

// sets adds a setting to a verdict.
func (v Verdict) sets(key, value string) Verdict {
	v.Settings = append(v.Settings, Setting{Key: key, Value: value})
	return v
}

// by names the request that shows it.
func (v Verdict) by(a *Answer) Verdict {
	if a != nil {
		v.URL = a.URL
	}
	return v
}
