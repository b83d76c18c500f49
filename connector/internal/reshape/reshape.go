package reshape

import "strings"

// Spec is what becomes of a row's fields. The zero value changes nothing.
type Spec struct {
	Flatten Flatten
	Drop    []string          // paths
	Rename  map[string]string // path: the name that the field gets in the object it ends up in
	Mask    map[string]Mask   // by path
	Add     []Constant        // fields at the row's top
}

// Flatten says that objects are taken apart: each of their fields becomes one of the row, under the object's
// name, the separator and its own.
type Flatten struct {
	On        bool
	Separator string
	Depth     int // levels of objects in one another that are taken apart; 0: all
}

// Method is how a value is masked.
type Method string

// The methods. Null stays null, so that rows without a value can be told.
const (
	Hash     Method = "hash"     // HMAC-SHA256 of the text with a key, in 64 hexadecimal digits
	Redact   Method = "redact"   // a constant text, or null where the field's type has no texts
	Truncate Method = "truncate" // the first characters
)

// Mask is how one field's values are masked.
type Mask struct {
	Method Method
	Key    string // Hash
	Keep   int    // Truncate: how many characters
}

// Empty reports whether rows stay as they are.
func (s *Spec) Empty() bool {
	return !s.Flatten.On && len(s.Drop)+len(s.Rename)+len(s.Mask)+len(s.Add) == 0
}

// Hides reports whether rows have fields that must not be seen, so that no message may quote an answer.
func (s *Spec) Hides() bool { return len(s.Drop)+len(s.Mask) > 0 }

// Lands is where the field at a path may stand in the shaped row, as dotted paths: in its object, or at the
// row's top where flatten takes that apart. Which of them it is the schema decides.
func (s *Spec) Lands(path string) []string {
	parts := strings.Split(path, ".")
	names := make([]string, len(parts)) // as they are in their objects
	for i, part := range parts {
		names[i] = s.name(strings.Join(parts[:i+1], "."), part)
	}
	all := []string{strings.Join(names, ".")}
	if !s.Flatten.On {
		return all
	}
	flat := names[0]
	for i := 1; i < len(parts) && (s.Flatten.Depth == 0 || i <= s.Flatten.Depth); i++ {
		flat = s.name(strings.Join(parts[:i+1], "."), flat+s.Flatten.Separator+parts[i])
		all = append(all, strings.Join(append([]string{flat}, names[i+1:]...), "."))
	}
	return all
}

func (s *Spec) name(path, otherwise string) string {
	if to, ok := s.Rename[path]; ok {
		return to
	}
	return otherwise
}

// Within reports whether a path is another one, or leads through it.
func Within(path, outer string) bool {
	return path == outer || strings.HasPrefix(path, outer+".")
}
