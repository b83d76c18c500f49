package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/schemas"
)

// fakeRegistry serves srfake under a base path, behind the given gate, which may answer
// itself. It counts the requests.
func fakeRegistry(t *testing.T, base string, gate func(w http.ResponseWriter, r *http.Request) bool) (url string, fake *srfake.Registry, requests *atomic.Int64) {
	t.Helper()
	fake = srfake.NewRegistry()
	requests = new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if gate != nil && gate(w, r) {
			return
		}
		http.StripPrefix(base, fake.Handler()).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + base, fake, requests
}

func mustRegistry(t *testing.T, url, user, pass string) *Registry {
	t.Helper()
	c := config.Registry{URL: url, Short: true}
	if user != "" || pass != "" {
		c.Auth = config.BasicAuth(config.Secret(user), config.Secret(pass))
	}
	r, err := NewRegistry(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegistry(t *testing.T) {
	for _, base := range []string{"", "/apis/ccompat/v7"} {
		url, _, requests := fakeRegistry(t, base, nil)
		ctx := context.Background()
		r := mustRegistry(t, url+"/", "", "")
		if err := r.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		id, err := r.Register(ctx, "user-value", schemas.User)
		if err != nil || id <= 0 {
			t.Fatal(id, err)
		}
		before := requests.Load()
		if again, err := r.Register(ctx, "user-value", schemas.User); err != nil || again != id || requests.Load() != before {
			t.Errorf("registered again: id %d, %v, %d requests", again, err, requests.Load()-before)
		}
		other := mustRegistry(t, url, "", "")
		if again, err := other.Register(ctx, "user-value", schemas.User); err != nil || again != id {
			t.Errorf("registered by another worker: id %d, %v, want %d", again, err, id)
		}
		third := mustRegistry(t, url, "", "")
		for range 2 {
			text, err := third.SchemaByID(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parseSchema(text); err != nil {
				t.Error(err)
			}
		}
		if _, err := third.SchemaByID(ctx, 4711); err == nil || class.Of(err) != class.Broker || !strings.Contains(err.Error(), "reading schema 4711") {
			t.Errorf("an unknown id: %v (class %v)", err, class.Of(err))
		}
	}
}

func TestRegistryConflict(t *testing.T) {
	schema := strings.NewReplacer(`"name": "job", "type": ["null", "string"]`, `"name": "job", "type": ["null", "long"]`,
		`"fields": [`, `"fields": [{"name": "salary", "type": "int"},`).Replace(schemas.User)
	for status, wants := range map[int][]string{
		http.StatusConflict: {"user-value", "409", "not compatible under its rule FULL_TRANSITIVE", "Refused by the rule",
			"Beside version 1 of the subject: salary is new (int, without a default), job is long and was string", "NONE allows all", "on_new_field: ignore"},
		http.StatusUnprocessableEntity: {"user-value", "422", "Refused by the rule", "salary is new", "schema file"},
	} {
		var asked atomic.Int64
		url, fake, _ := fakeRegistry(t, "", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || asked.Add(1) == 1 {
				return false
			}
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error_code":%d,"message":"Refused by the rule"}`, status)
			return true
		})
		if err := fake.SetCompat("user-value", sr.CompatFullTransitive); err != nil {
			t.Fatal(err)
		}
		r := mustRegistry(t, url, "", "")
		if _, err := r.Register(context.Background(), "user-value", schemas.User); err != nil {
			t.Fatal(err)
		}
		_, err := r.Register(context.Background(), "user-value", schema)
		if err == nil || class.Of(err) != class.Broker || !class.Refused(err) {
			t.Fatalf("%v (class %v)", err, class.Of(err))
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("a refusal was asked for %d times", n-1)
		}
	}
}

// TestRegistryRetries: an answer of 503 is asked again, a refused one is not.
func TestRegistryRetries(t *testing.T) {
	var failures atomic.Int64
	url, _, _ := fakeRegistry(t, "", func(w http.ResponseWriter, r *http.Request) bool {
		if failures.Add(1) > 2 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	if _, err := mustRegistry(t, url, "", "").Register(context.Background(), "user-value", schemas.User); err != nil {
		t.Error(err)
	}
}

// TestRegistrySecrets: no error holds the password, whatever the server says (P11).
func TestRegistrySecrets(t *testing.T) {
	const secret = "s3cr&t/pass"
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("credentials went to another origin: %v", r.Header["Authorization"])
	}))
	defer elsewhere.Close()
	url, _, _ := fakeRegistry(t, "", func(w http.ResponseWriter, r *http.Request) bool {
		if user, pass, _ := r.BasicAuth(); user != "me" || pass != secret {
			t.Errorf("credentials are %s:%s", user, pass)
		}
		if strings.HasPrefix(r.URL.Path, "/schemas/ids/2") {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
			return true
		}
		w.WriteHeader(http.StatusUnauthorized)
		if strings.HasPrefix(r.URL.Path, "/schemas/ids/3") { // where a message is clipped in the middle of it
			_, _ = fmt.Fprintf(w, `{"error_code":40101,"message":"%s%s is wrong"}`, strings.Repeat("x", 111), secret)
			return true
		}
		_, _ = fmt.Fprintf(w, `{"error_code":40101,"message":"me:%s is wrong, %s too"}`, secret, r.Header.Get("Authorization"))
		return true
	})
	inURL := strings.Replace(url, "http://", "http://me:s3cr%26t%2Fpass@", 1)
	for _, r := range []*Registry{mustRegistry(t, url, "me", secret), mustRegistry(t, inURL, "", "")} {
		for id, want := range map[int]string{1: "look at schema_registry.username and schema_registry.password", 2: "another origin", 3: "xxx"} {
			_, err := r.SchemaByID(context.Background(), id)
			if err == nil || class.Of(err) != class.Broker || !strings.Contains(err.Error(), want) {
				t.Errorf("%v", err)
			} else if strings.Contains(err.Error(), "s3cr") || strings.Contains(err.Error(), "bWU6czNj") {
				t.Errorf("the password shows in %v", err)
			}
			var re *sr.ResponseError
			if id == 1 && !errors.As(err, &re) {
				t.Error("the cause is lost")
			}
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := mustRegistry(t, strings.Replace(gone.URL, "http://", "http://me:hunter2@", 1), "", "")
	if _, err := r.SchemaByID(ctx, 1); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestNewRegistryRefuses(t *testing.T) {
	for _, u := range []string{"", "http://", "ftp://h", "http://h?x=1", "http://h#f", "http://me:pa ss%zz@h"} {
		if _, err := NewRegistry(config.Registry{URL: u}); err == nil || class.Of(err) != class.Config || strings.Contains(err.Error(), "pa ss") {
			t.Errorf("%q: %v", u, err)
		}
	}
	if r := mustRegistry(t, "localhost:8081", "", ""); r.where != "http://localhost:8081" {
		t.Error(r.where)
	}
}

func TestDecoder(t *testing.T) {
	url, fake, requests := fakeRegistry(t, "", nil)
	ctx := context.Background()
	reg := mustRegistry(t, url, "", "")
	id, err := reg.Register(ctx, "user-value", schemas.User)
	if err != nil {
		t.Fatal(err)
	}
	o := userOptions()
	o.SchemaID = id
	p := mustCompile(t, o)
	pg, err := p.Scan([]byte(`{"data":[{"updatedAt":"2026-11-14T20:02:39.120+02:00","id":"a\nb","name":null,"createdAt":"2026-11-14T19:44:39Z"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(mustRegistry(t, url, "", ""))
	const want = `{"id":"a\nb","name":null,"email":null,"address":null,"company":null,"job":null,"createdAt":"2026-11-14T19:44:39Z","updatedAt":"2026-11-14T18:02:39.12Z"}`
	before := requests.Load()
	for range 3 {
		js, got, err := d.Decode(ctx, pg.Rows[0].Body)
		if err != nil || got != id || string(js) != want {
			t.Errorf("schema %d: %s (%v)", got, js, err)
		}
	}
	if n := requests.Load() - before; n != 1 {
		t.Errorf("%d requests for one schema", n)
	}
	if _, _, err := d.Decode(ctx, []byte(`{"plain":"json"}`)); !errors.Is(err, ErrNotFramed) {
		t.Error(err)
	}
	if _, _, err := d.Decode(ctx, pg.Rows[0].Body[:9]); class.Of(err) != class.Unexpected || !strings.Contains(err.Error(), "ends early") {
		t.Error(err)
	}
	if _, _, err := d.Decode(ctx, []byte{0, 0, 0, 0, 99, 0}); class.Of(err) != class.Broker || !errors.As(err, new(*NoSchemaError)) {
		t.Error(err)
	}
	fake.SeedSchema("p-value", 1, 50, sr.Schema{Schema: `syntax = "proto3";`, Type: sr.TypeProtobuf})
	if _, _, err := d.Decode(ctx, []byte{0, 0, 0, 0, 50, 0}); !errors.As(err, new(*NoSchemaError)) || !strings.Contains(err.Error(), "PROTOBUF, not Avro") {
		t.Error(err)
	}
}
