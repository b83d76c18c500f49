package serve

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tidemark/connector/internal/status"
)

// collector makes metrics of a worker's statuses each time that it is asked, so that nothing is kept for them.
type collector struct {
	worker   *Worker
	counts   []*prometheus.Desc // as status.Table
	gauges   []*prometheus.Desc // as status.Gauges
	state    *prometheus.Desc
	lateness *prometheus.Desc
	held     *prometheus.Desc
	limit    *prometheus.Desc
	build    *prometheus.Desc
}

// Register puts the worker's metrics into the registry, with those of the process.
func Register(r *prometheus.Registry, w *Worker) {
	c := &collector{
		worker:   w,
		state:    prometheus.NewDesc(status.StateMetric, status.StateHelp, []string{"stream", "state"}, nil),
		lateness: prometheus.NewDesc(status.LatenessMetric, status.LatenessHelp, []string{"stream"}, nil),
		held:     prometheus.NewDesc(status.HeldMetric, status.HeldHelp, nil, nil),
		limit:    prometheus.NewDesc(status.LimitMetric, status.LimitHelp, nil, nil),
		build:    prometheus.NewDesc(status.BuildMetric, status.BuildHelp, []string{"version"}, nil),
	}
	for i := range status.Table {
		n := &status.Table[i]
		c.counts = append(c.counts, prometheus.NewDesc(n.Total(), n.FamilyHelp(), n.Labels(), nil))
	}
	for _, g := range status.Gauges {
		c.gauges = append(c.gauges, prometheus.NewDesc(status.Namespace+g.Metric, g.Help, []string{"stream"}, nil))
	}
	r.MustRegister(c, w.Measures.Commits, w.Measures.Requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// Describe sends the descriptions of all metrics; those that several counts share once.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range append(append([]*prometheus.Desc{c.state, c.lateness, c.held, c.limit, c.build}, c.counts...), c.gauges...) {
		to <- d
	}
}

// Collect sends the metrics as they are now.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	send(c.build, prometheus.GaugeValue, 1, c.worker.Version)
	send(c.held, prometheus.GaugeValue, float64(c.worker.Held()))
	send(c.limit, prometheus.GaugeValue, float64(c.worker.Limit))
	now, streams := time.Now(), c.worker.Streams()
	for i := range streams {
		s := &streams[i].Status
		for k := range status.Table {
			n := &status.Table[k]
			labels := []string{s.Stream}
			if n.Value != "" {
				labels = append(labels, n.Value)
			}
			send(c.counts[k], prometheus.CounterValue, float64(*n.Of(&s.Counts)), labels...)
		}
		for k, g := range status.Gauges {
			if v := g.Of(s, now); !math.IsNaN(v) {
				send(c.gauges[k], prometheus.GaugeValue, v, s.Stream)
			}
		}
		for _, state := range status.States {
			v := 0.0
			if s.State == state {
				v = 1
			}
			send(c.state, prometheus.GaugeValue, v, s.Stream, string(state))
		}
		if s.Lateness.Max > 0 {
			to <- c.late(s)
		}
	}
}

// late is the histogram of a stream's late rows.
func (c *collector) late(s *status.Status) prometheus.Metric {
	buckets := make(map[float64]uint64, len(status.LateBounds))
	rows := uint64(0)
	for i, bound := range status.LateBounds {
		rows += uint64(s.Lateness.Counts[i])
		buckets[bound.Seconds()] = rows
	}
	rows += uint64(s.Lateness.Counts[len(status.LateBounds)])
	return prometheus.MustNewConstHistogram(c.lateness, rows, s.Lateness.Sum.Seconds(), buckets, s.Stream)
}
