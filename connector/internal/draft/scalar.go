package draft

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plain are texts that YAML takes for texts without quotes, whatever reads it.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// taken are those of them that some reader takes for something else.
var taken = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"}

// quote writes a text so that it is read as this one.
func quote(text string) string {
	if plain.MatchString(text) && !slices.Contains(taken, strings.ToLower(text)) {
		return text
	}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string has always a form in JSON, which is one in YAML
	return strings.TrimSuffix(out.String(), "\n")
}

// scalar writes a value that is neither a section nor a list.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return quote(strings.ReplaceAll(v, "${", "$${"))
	case Env:
		return quote(string(v))
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	panic(fmt.Sprintf("draft: a setting has a value of type %T", v))
}
