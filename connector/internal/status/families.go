package status

import "strings"

// Namespace is what the names of all metrics begin with.
const Namespace = "tidemark_"

// Family is a metric, with its values for all streams and labels.
type Family struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Labels []string
	Help   string
	Values []string // of the last label, where they are known; each with what it means
}

// What a worker and its streams have beside counts, gauges and measures.
const (
	StateMetric    = Namespace + "stream_state"
	StateHelp      = "1 for the state that the stream is in, 0 for the others."
	LatenessMetric = Namespace + "lateness_seconds"
	LatenessHelp   = "How long after their own time rows appeared behind the mark; absent where none did."
	HeldMetric     = Namespace + "in_flight_bytes"
	HeldHelp       = "Bytes of pages that were read and are not committed yet."
	LimitMetric    = Namespace + "in_flight_limit_bytes"
	LimitHelp      = "What they may be together (max_in_flight)."
	BuildMetric    = Namespace + "build_info"
	BuildHelp      = "1, with the version as a label."
)

// Families are all metrics of this program but the Kafka client's, Go's and the process's.
func Families() (all []Family) {
	states := make([]string, len(States))
	for i, s := range States {
		states[i] = "`" + string(s) + "`"
	}
	all = append(all, Family{StateMetric, "gauge", []string{"stream", "state"}, StateHelp, []string{strings.Join(states, ", ") + "."}})
	for _, g := range Gauges {
		all = append(all, Family{Namespace + g.Metric, "gauge", []string{"stream"}, g.Help, nil})
	}
	at := make(map[string]int)
	for _, c := range Table {
		name := c.Total()
		if i, listed := at[name]; listed {
			all[i].Values = append(all[i].Values, c.meaning())
			continue
		}
		f := Family{Name: name, Kind: "counter", Labels: c.Labels(), Help: c.FamilyHelp()}
		if c.Value != "" {
			f.Values = []string{c.meaning()}
		}
		at[name] = len(all)
		all = append(all, f)
	}
	return append(all,
		Family{Namespace + requestsMetric, "counter", []string{"stream", "status"}, requestsHelp, nil},
		Family{LatenessMetric, "histogram", []string{"stream"}, LatenessHelp, nil},
		Family{Namespace + commitsMetric, "histogram", nil, commitsHelp, nil},
		Family{HeldMetric, "gauge", nil, HeldHelp, nil},
		Family{LimitMetric, "gauge", nil, LimitHelp, nil},
		Family{BuildMetric, "gauge", []string{"version"}, BuildHelp, nil})
}

// Total is the name of a count's metric.
func (c *Count) Total() string { return Namespace + c.Metric + "_total" }

// Labels are the names of its labels.
func (c *Count) Labels() []string {
	if c.Value == "" {
		return []string{"stream"}
	}
	return []string{"stream", labels[c.Metric].name}
}

// FamilyHelp says what the metric counts, in all its labels.
func (c *Count) FamilyHelp() string {
	if c.Value == "" {
		return c.Help
	}
	return labels[c.Metric].help
}

func (c *Count) meaning() string { return "`" + c.Value + "`: " + c.Help }
