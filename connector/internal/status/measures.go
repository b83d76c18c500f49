package status

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Measures are the metrics of a worker that no stream's status holds.
type Measures struct {
	Commits  prometheus.Histogram   // of all streams together: how long a transaction takes is the broker's
	Requests *prometheus.CounterVec // by stream and status
}

// What Measures has, as Families lists it.
const (
	commitsMetric  = "commit_duration_seconds"
	commitsHelp    = "How long transactions took that were committed, from their first record to the broker's word."
	requestsMetric = "requests_total"
	requestsHelp   = "Requests to the API, by the answer's status; error: there was no answer."
)

// NewMeasures returns measures that have measured nothing.
func NewMeasures() *Measures {
	return &Measures{
		Commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: Namespace + commitsMetric, Help: commitsHelp,
			Buckets:                     []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour}),
		Requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: Namespace + requestsMetric, Help: requestsHelp}, []string{"stream", "status"}),
	}
}

// Committed takes a transaction that took so long.
func (m *Measures) Committed(took time.Duration) { m.Commits.Observe(took.Seconds()) }

// Answered takes an answer to a request of the stream; status 0: there was none.
func (m *Measures) Answered(stream string, status int) {
	text := "error"
	if status != 0 {
		text = strconv.Itoa(status)
	}
	m.Requests.WithLabelValues(stream, text).Inc()
}
