package main

import (
	"context"
	"fmt"
	"io"

	"tidemark/strategies"
)

// noise is the A/A run: one configuration under two names, in turns.
func (b *bench) noise(ctx context.Context, out io.Writer) (any, error) {
	place := b.places[0]
	const page = 1000
	var runs [2][]result
	for i := range 2 * b.repeat {
		r, err := b.write(ctx, b.tidemark(strategies.Keyset, place, b.rowsAt(page), page))
		if err != nil {
			return nil, err
		}
		b.show("A/A %d of %d: %s rows/s", i+1, 2*b.repeat, whole(r.PerSecond))
		runs[i%2] = append(runs[i%2], r)
	}
	fmt.Fprintf(out, "A/A: keyset, page size %d, broker %s, the same twice in turns\n", page, place)
	t := table{left: 1}
	t.add("", "min", "rows/s", "max")
	var medians [2]float64
	all := of(append(runs[0][:len(runs[0]):len(runs[0])], runs[1]...), rate)
	for i, name := range []string{"A", "A again"} {
		s := of(runs[i], rate)
		medians[i] = s.Median
		t.add(name, whole(s.Min), whole(s.Median), whole(s.Max))
	}
	t.print(out)
	fmt.Fprintf(out, "The medians differ by %.1f%%, single runs by up to %.1f%%: smaller differences below mean nothing.\n\n",
		100*(max(medians[0], medians[1])/min(medians[0], medians[1])-1), 100*(all.Max/all.Min-1))
	return runs, nil
}

// rowsAt is how many rows a run reads: small pages take longer.
func (b *bench) rowsAt(page int) int64 {
	if page < 500 {
		return max(b.rows/5, 1)
	}
	return b.rows
}

// cell is one line of the table, run after run.
type cell struct {
	part, place string
	page        int
	runs        []result
}

// grid is the table, in the order in which its lines are shown.
type grid []*cell

func (g *grid) add(r result) {
	for _, c := range *g {
		if c.part == r.Part && c.place == r.Place && c.page == r.PageSize {
			c.runs = append(c.runs, r)
			return
		}
	}
	*g = append(*g, &cell{r.Part, r.Place, r.PageSize, []result{r}})
}

// limit is the median of the slowest of a line's raw limits, and which one that is.
func (g grid) limit(place string, page int) (slowest float64, part string) {
	for _, c := range g {
		if c.page != page || c.place != "" && c.place != place {
			continue
		}
		if m := of(c.runs, rate).Median; isLimit(c.part) && (slowest == 0 || m < slowest) {
			slowest, part = m, c.part
		}
	}
	return slowest, part
}

func isLimit(part string) bool { return part == partScan || part == partFetch || isProducer(part) }

func isProducer(part string) bool { return part == partProduce || part == produceOwn }

// throughput is the table of limits and strategies. Each round runs everything once, so
// that what slows the machine down for a while slows down all of them.
func (b *bench) throughput(ctx context.Context, out io.Writer) (any, error) {
	var g grid
	for round := range b.repeat {
		for _, page := range b.pageSizes {
			if err := b.round(ctx, &g, page); err != nil {
				return nil, err
			}
			b.show("round %d of %d, page size %d: done", round+1, b.repeat, page)
		}
	}
	for _, page := range b.pageSizes {
		for _, place := range b.places {
			g.print(out, place, page)
		}
	}
	var all []result
	for _, c := range g {
		all = append(all, c.runs...)
	}
	return all, nil
}

func (b *bench) round(ctx context.Context, g *grid, page int) error {
	rows := b.rowsAt(page)
	where := b.at(rows, page)
	for _, s := range []struct {
		kind string
		part part
	}{{partScan, &scanPart{collectionAt: where}}, {partFetch, &fetchPart{collectionAt: where}}} {
		r, err := b.stage(ctx, s.kind, s.part, where)
		if err != nil {
			return fmt.Errorf("%s, page size %d: %w", s.kind, page, err)
		}
		g.add(r)
	}
	for _, place := range b.places {
		batch := int64(0)
		for i, strategy := range b.strategies {
			r, err := b.write(ctx, b.tidemark(strategy, place, rows, page))
			if err != nil {
				return err
			}
			b.show("%s, page size %d, broker %s: %s rows/s", strategy, page, place, whole(r.PerSecond))
			if i == 0 {
				batch = max(1, rows/max(1, r.Transactions))
			}
			g.add(r)
		}
		for _, own := range []bool{false, true} {
			if own && b.compression != "lz4" {
				continue
			}
			r, err := b.write(ctx, b.produce(place, rows, page, int(batch), own))
			if err != nil {
				return err
			}
			b.show("%s, %d records a transaction, broker %s: %s rows/s", r.Part, batch, place, whole(r.PerSecond))
			g.add(r)
		}
	}
	return nil
}

// print shows one page size on one broker.
func (g grid) print(out io.Writer, place string, page int) {
	slowest, slow := g.limit(place, page)
	var rows int64
	for _, c := range g {
		if c.page == page {
			rows = c.runs[0].Rows
		}
	}
	fmt.Fprintf(out, "page size %d, %s rows, broker %s; the slowest limit is %s\n", page, whole(float64(rows)), place, slow)
	t := table{left: 1}
	t.add("", "min", "rows/s", "max", "of limit", "CPU s", "RSS MiB", "allocs/row", "txns", "MiB in", "MiB out", "first ms")
	for _, limits := range []bool{true, false} {
		for _, c := range g {
			if c.page != page || c.place != "" && c.place != place || isLimit(c.part) != limits {
				continue
			}
			t.add(c.line(slowest)...)
		}
	}
	t.print(out)
}

func (c *cell) line(slowest float64) []string {
	s := of(c.runs, rate)
	median := func(value func(result) float64) float64 { return of(c.runs, value).Median }
	line := []string{c.part, whole(s.Min), whole(s.Median), whole(s.Max), fixedPoint(s.Median/slowest, 2),
		fixedPoint(median(func(r result) float64 { return r.Usage.CPU }), 2), "-",
		fixedPoint(median(func(r result) float64 { return r.AllocsPerRow }), 3), "-", "-", "-", "-"}
	if c.part != partScan && !isProducer(c.part) { // which got their pages and records beforehand
		line[6] = mega(median(func(r result) float64 { return float64(r.Usage.PeakRSS) }))
		line[9] = mega(median(func(r result) float64 { return float64(r.APIBytes) }))
	}
	if c.place != "" {
		line[8] = whole(median(func(r result) float64 { return float64(r.Transactions) }))
		line[10] = mega(median(func(r result) float64 { return float64(r.TopicBytes) }))
		line[11] = whole(1000 * median(func(r result) float64 { return r.First }))
	}
	return line
}
