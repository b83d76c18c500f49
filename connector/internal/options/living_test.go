package options

import (
	"context"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// A schema that is not in the registry is that of the file with what the state topic keeps; where the cursor, read once nobody else
// writes it, has another one than was seen before, it is asked for again, and only then.
func TestLivingBehind(t *testing.T) {
	const file = `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"updatedAt","type":"string"}]}`
	with := func(name string) (text, fingerprint string) {
		text = strings.TrimSuffix(file, "]}") + `,{"name":"` + name + `","type":["null","long"],"default":null}]}`
		fingerprint, err := wire.Fingerprint(text)
		if err != nil {
			t.Fatal(err)
		}
		return text, fingerprint
	}
	planText, planRows := with("plan")
	sizeText, sizeRows := with("size")
	_, ownRows := with("own")
	s := config.NewStream("r", strategies.Keyset, "http://127.0.0.1:1")
	s.Schema, s.ValueFormat, s.OnNewField, s.CursorField = file, config.JSON, "evolve", "updatedAt"
	plan, err := Plan(s, strategies.RFC3339)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := format.New(s, file, strategies.RFC3339, plan)
	if err != nil {
		t.Fatal(err)
	}
	looks, rows, text := 0, "", ""
	var used *wire.Plan
	l := NewLiving(s, strategies.RFC3339, nil, plan, codec, func(p *wire.Plan) { used = p }, func(context.Context) (string, string, error) {
		looks++
		return rows, text, nil
	})
	settle := func(want string, wantLooks int) {
		t.Helper()
		for range 2 {
			if err := l.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if has := strings.Contains(l.Text(), want); !has || looks != wantLooks {
			t.Errorf("behind %d looks the schema is %s", looks, l.Text())
		}
	}
	behind := func(rows string) bool {
		t.Helper()
		is, err := l.Behind(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	settle("updatedAt", 1)
	if behind("") || used != nil {
		t.Error("a cursor without one is ahead of it")
	}
	rows, text = planRows, planText
	if !behind(planRows) {
		t.Error("a cursor with another one is not")
	}
	settle(`"plan"`, 2)
	if behind(planRows) || used == nil || used != l.Plan() {
		t.Error("asked for again, it still is, or answers are scanned by the one before")
	}
	g := &wire.Growth{Text: strings.TrimSuffix(planText, "]}") + `,{"name":"own","type":["null","long"],"default":null}]}`}
	if g.Plan, err = Plan(func() config.Stream { s := s; s.Schema = g.Text; return s }(), strategies.RFC3339); err != nil {
		t.Fatal(err)
	}
	if err := l.Learn(g, true); err != nil {
		t.Fatal(err)
	}
	if own, err := wire.Fingerprint(g.Text); err != nil || behind(own) || behind(planRows) || !behind(ownRows) {
		t.Errorf("what it has learnt itself: %v", err)
	}
	rows, text = sizeRows, sizeText
	settle(`"size"`, 3)
	if strings.Contains(l.Text(), `"own"`) || l.Subject() != "" {
		t.Errorf("%s, %q", l.Text(), l.Subject())
	}
}
