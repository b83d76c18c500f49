package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// simRegistry is a schema registry that may forget. A schema is its fingerprint.
type simRegistry struct {
	ids    map[int]string
	next   int
	schema int                // of the processes that start now
	kept   map[string][]int64 // the transactions that kept a schema
	level  int                // of the schemas that were registered, the greatest
	forgot bool
}

func (r *simRegistry) reset() {
	*r = simRegistry{ids: map[int]string{}, next: 1, kept: map[string][]int64{}}
}

func (r *simRegistry) register() strategies.Schema {
	is := fmt.Sprintf("schema %d", r.schema)
	for id, has := range r.ids {
		if has == is {
			return strategies.Schema{ID: id, Fingerprint: is}
		}
	}
	r.ids[r.next] = is
	r.next++
	return strategies.Schema{ID: r.next - 1, Fingerprint: is}
}

func (r *simRegistry) event(e sim.Event) {
	switch e.Kind {
	case sim.Evolve:
		r.schema = (r.schema + 1) % 3
	case sim.Forget:
		r.ids, r.next, r.forgot = map[int]string{}, 1+int(e.A), true
	}
}

// keep notes that a transaction keeps schemas.
func (s *simSink) keep(n int64) {
	for fingerprint := range s.keeps {
		s.registry.kept[fingerprint] = append(s.registry.kept[fingerprint], n)
	}
}

func (s *simSink) Keep(fingerprint, _ string) {
	if s.keeps == nil {
		s.keeps = map[string]bool{}
	}
	s.keeps[fingerprint] = s.variant != schemasNotKept
	if s.variant == schemasNotKept {
		clear(s.keeps)
	}
}

// keeps reports whether the state topic has a schema.
func (x *world) keeps(fingerprint string) bool {
	for _, n := range x.registry.kept[fingerprint] {
		if x.log.IsCommitted(n) {
			return true
		}
	}
	return false
}

// simInspector reads the bodies of simSource back, as avro does.
type simInspector struct {
	*world
	lexicon *readback.Lexicon
	level   int // of the schema of now
}

func newSimInspector(x *world) *simInspector {
	own := x.registry.register()
	return &simInspector{x, readback.NewLexicon(own.ID, own.Fingerprint, ""), sim.Fields}
}

func (i *simInspector) Lexicon() *readback.Lexicon { return i.lexicon }

func (i *simInspector) Doubts(context.Context) string { return "" }

var errNoSchema = errors.New("no schema")

func (i *simInspector) Inspect(_ context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	v, hash := i.api.ReadBody(rec.Value)
	if within := sim.Within(v.Content, i.level); within != v.Content {
		v.Content = within
		b := i.api.Body(&v)
		_, hash = i.api.ReadBody(b[:])
	}
	written := i.log.Framed(rec.Partition, rec.Offset)
	if written == sim.Nobodys {
		return strategies.Value{}, 0, &readback.ForeignError{Err: errNoSchema}
	}
	if i.script.Registry {
		is, err := i.meaning(written.ID, rec)
		if err != nil {
			return strategies.Value{}, 0, err
		}
		if is != written.Is { // misread
			v.N, hash = v.N+2, hash+1
		}
	}
	if !v.Set {
		return strategies.Value{}, hash, nil
	}
	return i.api.Value(v.N), hash, nil
}

func (i *simInspector) meaning(id int, rec *kgo.Record) (string, error) {
	is, known := i.lexicon.Meaning(id, rec.Partition, rec.Offset)
	if i.variant == registryBelieved {
		known = false
	}
	there := i.registry.ids[id]
	switch {
	case known && (is == i.lexicon.Own.Fingerprint || i.keeps(is) || there == is):
		return is, nil
	case known || there == "":
		return "", &readback.ForeignError{Err: errNoSchema}
	}
	i.lexicon.Learn(id, there, "")
	return there, nil
}

// clashed reports whether a start was refused because the registry gives the stream's schema an
// id that means another one. An operator lets the stream go on.
func (x *world) clashed(w *simWorker, err error) bool {
	if !errors.As(err, new(*readback.ClashError)) {
		return false
	}
	if !x.registry.forgot {
		x.fail("P7", "the stream stops over the ids of a registry that forgot nothing: %v", err)
	}
	x.kill(w)
	x.claim()
	return true
}
