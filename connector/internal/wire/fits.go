package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/class"
)

const noSubject = "the subject does not exist yet"

// Lookup is the id under which the subject has the schema; 0: it does not.
func (r *Registry) Lookup(ctx context.Context, subject string, schema sr.Schema) (int, error) {
	known, err := retry(ctx, func() (sr.SubjectSchema, error) {
		return r.client.LookupSchema(ctx, subject, schema)
	})
	var re *sr.ResponseError
	switch {
	case errors.As(err, &re) && re.StatusCode == http.StatusNotFound:
		return 0, nil
	case err != nil:
		return 0, r.fail(fmt.Sprintf("looking up the schema of %s", subject), err)
	}
	return known.ID, nil
}

// Version is a schema of a subject.
type Version struct {
	ID, Number int
	Schema     string
}

// Latest is LatestOf of an Avro schema.
func (r *Registry) Latest(ctx context.Context, subject string) (Version, error) {
	return r.LatestOf(ctx, subject, sr.TypeAvro)
}

// LatestOf is the subject's latest schema; the zero Version where there is none. One that is of another type, or refers to others,
// is an error of class Config.
func (r *Registry) LatestOf(ctx context.Context, subject string, typ sr.SchemaType) (Version, error) {
	doing := fmt.Sprintf("reading the latest schema of %s", subject)
	s, err := retry(ctx, func() (sr.SubjectSchema, error) { return r.client.SchemaByVersion(ctx, subject, -1) })
	var re *sr.ResponseError
	switch {
	case errors.As(err, &re) && re.StatusCode == http.StatusNotFound && re.ErrorCode >= registryCodes:
		return Version{}, nil
	case err != nil:
		return Version{}, r.fail(doing, err)
	case s.Type != typ:
		return Version{}, class.Errorf(class.Config, "%s at the schema registry %s: it is a schema of type %s, not %s", doing, r.where, s.Type, typ)
	case len(s.References) > 0:
		return Version{}, class.Errorf(class.Config, "%s at the schema registry %s: it refers to other schemas, which is not supported", doing, r.where)
	}
	return Version{s.ID, s.Version, s.Schema.Schema}, nil
}

// Fits says, without registering anything, whether the subject would take the schema.
func (r *Registry) Fits(ctx context.Context, subject string, s sr.Schema) (string, error) {
	doing := fmt.Sprintf("checking the schema of %s", subject)
	var re *sr.ResponseError
	known, err := retry(ctx, func() (sr.SubjectSchema, error) { return r.client.LookupSchema(ctx, subject, s) })
	if err == nil {
		return fmt.Sprintf("registered as id %d, version %d", known.ID, known.Version), nil
	}
	if !errors.As(err, &re) || re.StatusCode != http.StatusNotFound {
		return "", r.fail(doing, err)
	}
	// Asked about a subject that is not there, some registries find any schema compatible.
	if re.ErrorCode == sr.ErrSubjectNotFound.Code {
		return noSubject, nil
	}
	fits, err := retry(ctx, func() (sr.CheckCompatibilityResult, error) {
		return r.client.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), subject, -1, s) // verbose: with reasons
	})
	switch {
	case errors.As(err, &re) && re.StatusCode == http.StatusNotFound:
		return noSubject, nil
	case err != nil:
		return "", r.fail(doing, err)
	case !fits.Is:
		why := ""
		if len(fits.Messages) > 0 {
			why = " (" + clip(strings.Join(fits.Messages, "; ")) + ")"
		}
		return "", r.fail(doing, fmt.Errorf("the schema is not compatible with the subject's latest one%s; "+
			"give new fields a default, or write to another topic", why))
	}
	return "not registered yet, compatible with the subject's latest one", nil
}
