package status

import "time"

// LateBounds are the upper bounds of the lateness histogram's buckets. Behind the last one lies one more.
var LateBounds = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
	5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 12 * time.Hour, 48 * time.Hour}

// Lateness is how long after their own time rows appeared that lay behind the mark.
type Lateness struct {
	Max, Sum time.Duration
	Counts   [len(LateBounds) + 1]int64 // by bucket
}

// Observe takes a row that was so late.
func (l *Lateness) Observe(d time.Duration) {
	l.Max, l.Sum = max(l.Max, d), l.Sum+d
	at := 0
	for at < len(LateBounds) && d > LateBounds[at] {
		at++
	}
	l.Counts[at]++
}

// Add adds the rows that m has.
func (l *Lateness) Add(m *Lateness) {
	l.Max, l.Sum = max(l.Max, m.Max), l.Sum+m.Sum
	for i, n := range m.Counts {
		l.Counts[i] += n
	}
}
