package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/class"
	"tidemark/schemas"
)

// TestFits: what is said of a subject that is not there, that has the schema, and that has
// another; and that saying it registers nothing.
func TestFits(t *testing.T) {
	url, fake, _ := fakeRegistry(t, "", nil)
	ctx := t.Context()
	reg := mustRegistry(t, url, "", "")
	other := strings.Replace(schemas.User, `"name": "job"`, `"name": "post"`, 1)
	if other == schemas.User {
		t.Fatal("the schemas do not differ")
	}
	fits := func(schema, want string) {
		t.Helper()
		said, err := mustRegistry(t, url, "", "").Fits(ctx, "user-value", Avro(schema))
		if err != nil || said != want {
			t.Errorf("%q (%v), want %q", said, err, want)
		}
	}
	fits(schemas.User, "the subject does not exist yet")
	if fake.SubjectExists("user-value") {
		t.Error("asking made the subject")
	}
	id, err := reg.Register(ctx, "user-value", schemas.User)
	if err != nil {
		t.Fatal(err)
	}
	fits(schemas.User, fmt.Sprintf("registered as id %d, version 1", id))
	fits(other, "not registered yet, compatible with the subject's latest one")
	fits(schemas.User, fmt.Sprintf("registered as id %d, version 1", id))
	if again, err := mustRegistry(t, url, "", "").Register(ctx, "user-value", other); err != nil || again == id {
		t.Errorf("registering the other schema gives id %d, %v", again, err)
	}
	fits(other, "registered as id 2, version 2")
}

// TestFitsAnswers: registries say in several ways that a subject or a schema is not
// there, and refuse for several reasons; a 5xx is asked again, and no error holds the
// password (P11).
func TestFitsAnswers(t *testing.T) {
	const secret = "hunter&2"
	type answer struct {
		status int
		body   string
	}
	noSubject := answer{404, `{"error_code":40401,"message":"Subject 'user-value' not found."}`}
	noSchema := answer{404, `{"error_code":40403,"message":"Schema not found"}`}
	for _, c := range []struct {
		name            string
		lookup          []answer // one by one, the last one again and again
		check           answer
		said            string
		wrong           []string
		lookups, checks int
	}{
		{"no subject", []answer{noSubject}, answer{200, `{"is_compatible":true}`}, "the subject does not exist yet", nil, 1, 0},
		{"no subject, told by the check alone", []answer{noSchema}, noSubject, "the subject does not exist yet", nil, 1, 1},
		{"compatible", []answer{noSchema}, answer{200, `{"is_compatible":true}`}, "not registered yet, compatible with the subject's latest one", nil, 1, 1},
		{"incompatible", []answer{noSchema}, answer{200, `{"is_compatible":false,"messages":["field job was removed"]}`}, "",
			[]string{"user-value", "not compatible", "field job was removed", "give new fields a default"}, 1, 1},
		{"incompatible without a reason", []answer{noSchema}, answer{200, `{"is_compatible":false}`}, "", []string{"latest one; give"}, 1, 1},
		{"mended by the third try", []answer{{503, ""}, {500, `{"error_code":50001,"message":"busy"}`}, noSubject}, answer{}, "the subject does not exist yet", nil, 3, 0},
		{"never mended", []answer{{503, `{"error_code":50301,"message":"no leader; me:` + secret + `"}`}}, answer{}, "", []string{"user-value", "status 503", "no leader; me:***"}, registryTries, 0},
		{"the check fails", []answer{noSchema}, answer{500, `{"error_code":50001,"message":"` + secret + ` is no schema"}`}, "", []string{"status 500", "*** is no schema"}, 1, registryTries},
		{"not let in", []answer{{401, `{"error_code":40101,"message":"` + secret + ` is wrong"}`}}, answer{}, "", []string{"status 401", "*** is wrong", "schema_registry.password"}, 1, 0},
		{"refused by the check", []answer{noSchema}, answer{422, `{"error_code":42201,"message":"Invalid schema"}`}, "", []string{"status 422", "Invalid schema"}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			lookups, checks := 0, 0 // the client asks one thing at a time
			url, _, _ := fakeRegistry(t, "", func(w http.ResponseWriter, r *http.Request) bool {
				a := c.check
				if strings.HasPrefix(r.URL.Path, "/compatibility/") {
					checks++
					if r.URL.Query().Get("verbose") != "true" {
						t.Error("the reasons are not asked for")
					}
				} else {
					a = c.lookup[min(lookups, len(c.lookup)-1)]
					lookups++
				}
				w.WriteHeader(a.status)
				_, _ = fmt.Fprint(w, a.body)
				return true
			})
			said, err := mustRegistry(t, url, "me", secret).Fits(t.Context(), "user-value", Avro(schemas.User))
			if said != c.said || (err == nil) != (c.wrong == nil) {
				t.Errorf("%q, %v", said, err)
			}
			if lookups != c.lookups || checks != c.checks {
				t.Errorf("%d lookups and %d checks, want %d and %d", lookups, checks, c.lookups, c.checks)
			}
			if err == nil {
				return
			}
			for _, want := range c.wrong {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if class.Of(err) != class.Broker || strings.Contains(err.Error(), "hunter") {
				t.Errorf("class %v: %v", class.Of(err), err)
			}
			var re *sr.ResponseError
			if strings.Contains(err.Error(), "status ") && !errors.As(err, &re) {
				t.Error("the cause is lost")
			}
		})
	}
}
