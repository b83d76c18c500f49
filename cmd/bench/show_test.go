package main

import (
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want spread
	}{
		{nil, spread{}},
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{4, 1}, spread{1, 2.5, 4}},
		{[]float64{5, 1, 2}, spread{1, 2, 5}},
	} {
		if got := spreadOf(c.in); got != c.want {
			t.Errorf("%v: %v, want %v", c.in, got, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
	}
	if quantile(nil, 0.5) != 0 || quantile([]float64{7}, 0.99) != 7 {
		t.Error("of none, or of one")
	}
}

func TestVisible(t *testing.T) {
	zero := time.Unix(0, 0)
	samples := []sample{{zero.Add(1), 5}, {zero.Add(2), 9}}
	for offset, want := range map[int64]int64{0: 1, 4: 1, 5: 2, 8: 2} {
		if at, ok := visible(samples, offset); !ok || at.UnixNano() != want {
			t.Errorf("offset %d: %v, %v", offset, at, ok)
		}
	}
	if _, ok := visible(samples, 9); ok {
		t.Error("offset 9 is not visible")
	}
}

func TestTable(t *testing.T) {
	tab := table{left: 1}
	tab.add("", "rows/s")
	tab.add("keyset", whole(1234567.4))
	tab.add("ä", whole(-12))
	var out strings.Builder
	tab.print(&out)
	want := "           rows/s\nkeyset  1,234,567\nä             -12\n\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if mega(3.5*(1<<20)) != "3.5" || mega(2048<<20) != "2,048" || whole(999) != "999" || whole(1000) != "1,000" {
		t.Error(mega(3.5*(1<<20)), mega(2048<<20), whole(999), whole(1000))
	}
}

func TestOptions(t *testing.T) {
	good := options{rows: 1, repeat: 1, places: []string{embedded}, strategies: []string{"keyset"}, pageSizes: []int{50}, experiments: []string{"all"}}
	if err := good.check(); err != nil || len(good.experiments) != len(experimentNames())-1 {
		t.Errorf("%v, %v", err, good.experiments)
	}
	for name, spoil := range map[string]func(o *options){
		"rows":        func(o *options) { o.rows = 0 },
		"runs":        func(o *options) { o.repeat = 0 },
		"page":        func(o *options) { o.pageSizes = []int{1} },
		"strategies":  func(o *options) { o.strategies = []string{"x"} },
		"experiments": func(o *options) { o.experiments = []string{"x"} },
		"against":     func(o *options) { o.against = []string{"x"} },
		"places":      func(o *options) { o.places = nil },
	} {
		o := good
		spoil(&o)
		if err := o.check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
