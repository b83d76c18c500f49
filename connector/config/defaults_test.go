package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"tidemark/strategies"
)

// document is a text for people, on one line.
func document(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(raw)), " ")
}

// manual are the pages that users read.
func manual(t *testing.T) []string {
	t.Helper()
	more, err := filepath.Glob("../docs/*.md")
	if err != nil || len(more) < 8 {
		t.Fatalf("only %d pages beside the README: %v", len(more), err)
	}
	return append([]string{"../../README.md"}, more...)
}

// A default is what a file would write: given by hand, it changes nothing.
func TestDefaultsAsAFileWritesThem(t *testing.T) {
	n := 0
	for _, strategy := range strategies.Own() {
		base := fmt.Sprintf(`"strategy": %q, "url": "http://127.0.0.1/"`, strategy)
		want := mustParse(t, "c.json", "{"+base+"}", Overrides{})
		eachKey(func(path string, f field) {
			holds := ""
			for _, d := range f.def {
				if d.in == nil || strings.Contains(" "+strings.Join(d.in, " ")+" ", " "+strategy+" ") {
					if holds = d.text; d.computed {
						holds = ""
					}
				}
			}
			if holds == "" || strings.HasPrefix(path, "kafka.tls.") || strings.HasPrefix(path, "schema_registry.tls.") { // the section needs a server to be for
				return
			}
			n++
			if f.kind != boolean {
				holds = fmt.Sprintf("%q", holds)
			}
			text, under := "", ""
			for key := range strings.SplitSeq(strings.TrimPrefix(path, "streams[0]."), ".") {
				text += fmt.Sprintf("%s%q: ", under, key)
				under = "{"
			}
			text += holds + strings.Repeat("}", strings.Count(text, "{"))
			switch {
			case strings.HasPrefix(path, "streams[0].deleted."): // of no use without the field
				text = strings.Replace(text, "{", `{"field": "gone", `, 1)
			case path == "streams[0].params.token": // repeat_params follows it
				text += `, "repeat_params": false`
			}
			got := mustParse(t, "c.json", fmt.Sprintf("{%s, %s}", base, text), Overrides{})
			got.Streams[0].Deleted.Field = ""
			if got.Streams[0].Pos = want.Streams[0].Pos; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: with its default %s written out, %s makes\n%+v, not\n%+v", strategy, text, path, got, want)
			}
		})
	}
	if n < 5*30 {
		t.Errorf("only %d defaults were looked at", n)
	}
}

// Where the README, its pages and DESIGN.md show a key's value behind it, it is the default.
func TestDocsShowTheDefaults(t *testing.T) {
	defs := map[string]field{}
	eachKey(func(path string, f field) {
		defs[strings.TrimPrefix(strings.TrimPrefix(path, "streams[0]."), "kafka.")] = f
	})
	numbers := func(k kind, s string) float64 {
		s, percent := strings.CutSuffix(s, "%")
		v, ok := parseQuantity(k, strings.ReplaceAll(s, " ", ""))
		if !ok {
			t.Fatalf("%q is no value", s)
		}
		if percent {
			v /= 100
		}
		return v
	}
	n := 0
	for _, path := range append(manual(t), "../DESIGN.md") {
		for _, m := range regexp.MustCompile("`([a-z_.]+)` \\(([0-9.]+ ?(?:%|ms|s|m|h|d|[KMG]iB)?)").FindAllStringSubmatch(document(t, path), -1) {
			f, ok := defs[m[1]]
			if !ok {
				continue
			}
			n++
			def, _, _ := strings.Cut(f.def.String(), " ") // "10s where the cursor is a time"
			if numbers(f.kind, m[2]) != numbers(f.kind, def) {
				t.Errorf("%s says %s (%s), and its default is %s", path, m[1], m[2], f.def)
			}
		}
	}
	if n < 5 {
		t.Errorf("only %d values were looked at", n)
	}
}

// What the README and its pages say of defaults in words is what they are.
func TestReadmeSaysTheDefaults(t *testing.T) {
	k, s, offset := Default().Kafka, blankStream(), NewStream("x", strategies.Offset, "")
	words := map[any]string{4: "four", time.Minute: "a minute", 0.5: "half"}
	var says strings.Builder
	for _, page := range manual(t) {
		says.WriteString(document(t, page) + " ")
	}
	for _, sentence := range []string{
		"It makes one stream, `" + unnamed + "`, to the topic `" + unnamed + "`.",
		fmt.Sprintf("-t %s -C", k.StateTopic),
		fmt.Sprintf("| ids %d–%d, %d–%d, … up to `max_id` |", s.InitialID, s.InitialID+s.StepSize-1, s.InitialID+s.StepSize, s.InitialID+2*s.StepSize-1),
		fmt.Sprintf("`window_rows`, %d million, 32 bytes each", s.WindowRows>>20),
		fmt.Sprintf("(`on_bad_row: %s`, `fail` or `skip`)", s.OnBadRow),
		fmt.Sprintf("more than %d of them and more than 1%% stops (`max_bad_rows`)", s.MaxBadRows),
		fmt.Sprintf("a page of which more than %s is bad, before anything of it is written (`max_bad_ratio`)", words[s.MaxBadRatio]),
		fmt.Sprintf("`offset` always says how many rows it wants (%d).", offset.PageSize),
		fmt.Sprintf("written nothing for %s (`idle_after`)", words[s.IdleAfter]),
		fmt.Sprintf("keep %s requests under way (`concurrency`)", words[s.Concurrency]),
	} {
		if !strings.Contains(says.String(), sentence) {
			t.Errorf("no page says %q, which is what the defaults are", sentence)
		}
	}
}
