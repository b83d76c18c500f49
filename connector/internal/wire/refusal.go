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

// refusal is the error of a schema that could not be registered. Where the registry does not take it, by its rule of
// compatibility (409) or because it reads no schema in it (422), the error says the rule, the fields in
// question and the ways back.
func (r *Registry) refusal(ctx context.Context, doing, subject string, typed sr.Schema, news []string, err error) error {
	var re *sr.ResponseError
	if !errors.As(err, &re) || re.StatusCode != http.StatusConflict && re.StatusCode != http.StatusUnprocessableEntity {
		return r.fail(doing, err)
	}
	said := clip(r.secrets.Hide(re.Error()))
	fields := ""
	if latest, err := r.LatestOf(ctx, subject, typed.Type); err == nil && latest.Schema != "" {
		if typed.Type == sr.TypeAvro {
			news = Differences(latest.Schema, typed.Schema)
		}
		if len(news) > 0 {
			fields = fmt.Sprintf(" Beside version %d of the subject: %s.", latest.Number, clip(strings.Join(news, ", ")))
		}
	}
	if re.StatusCode == http.StatusUnprocessableEntity {
		return class.Refuse(r.fail(doing, fmt.Errorf("status 422: the registry does not take the schema (%s).%s Mend it in the stream's schema file", said, fields)))
	}
	rule := ""
	if level := r.compatibility(ctx, subject); level != "" {
		rule = " under its rule " + level
	}
	return class.Refuse(r.fail(doing, fmt.Errorf("status 409: the schema is not compatible%s with the subject's earlier ones (%s).%s "+
		"Give new fields a default, keep the types of the others, or set the subject's compatibility to one that allows it (NONE allows all), or write to another topic; "+
		"with on_new_field: ignore rows are written without what is new", rule, said, fields)))
}

// compatibility is the rule of a subject; "": the registry does not say.
func (r *Registry) compatibility(ctx context.Context, subject string) string {
	for _, c := range r.client.Compatibility(sr.WithParams(ctx, sr.DefaultToGlobal), subject) {
		if c.Err == nil {
			return c.Level.String()
		}
	}
	return ""
}
