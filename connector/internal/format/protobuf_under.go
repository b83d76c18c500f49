package format

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Under writes by the first message of another file: its fields have the same names, and numbers of their own.
func (p protobuf) Under(latest string) (Format, error) {
	file, err := compiled(context.Background(), latest)
	if err != nil {
		return nil, fmt.Errorf("reading the Protobuf file: %w", err)
	}
	if file.Messages().Len() == 0 {
		return nil, &unheldError{"", "has no message in the file"}
	}
	b := binder{made: map[*message]*message{}, of: map[*message]protoreflect.FullName{}}
	if p.root, err = b.message(p.root, file.Messages().Get(0), ""); err != nil {
		return nil, err
	}
	p.text = latest
	return p, nil
}

// binder makes messages whose fields have the numbers of another file's.
type binder struct {
	made map[*message]*message
	of   map[*message]protoreflect.FullName
}

func (b *binder) message(m *message, to protoreflect.MessageDescriptor, path string) (*message, error) {
	if made := b.made[m]; made != nil {
		if b.of[m] != to.FullName() {
			return nil, &unheldError{path, fmt.Sprintf("is a message %s there, and elsewhere %s", to.FullName(), b.of[m])}
		}
		return made, nil
	}
	made := *m
	made.fields = make([]*slot, len(m.fields))
	b.made[m], b.of[m] = &made, to.FullName()
	for i, f := range m.fields {
		if f == nil {
			continue
		}
		bound, err := b.field(f, to.Fields().ByName(protoreflect.Name(f.name)), below(path, f.name))
		if err != nil {
			return nil, err
		}
		if m.union && bound != nil && to.Fields().ByName(protoreflect.Name(f.name)).ContainingOneof() == nil {
			return nil, &unheldError{below(path, f.name), "is not one of a oneof there"}
		}
		made.fields[i] = bound
	}
	for i := range to.Fields().Len() {
		if f := to.Fields().Get(i); f.Cardinality() == protoreflect.Required && !has(made.fields, f) {
			return nil, &unheldError{below(path, string(f.Name())), "is required there, and no row has it"}
		}
	}
	return &made, nil
}

func has(fields []*slot, f protoreflect.FieldDescriptor) bool {
	for _, s := range fields {
		if s != nil && s.name == string(f.Name()) {
			return true
		}
	}
	return false
}

func (b *binder) field(f *slot, to protoreflect.FieldDescriptor, path string) (*slot, error) {
	if to == nil {
		return nil, &unheldError{path, "is not in the file"}
	}
	bound := *f
	bound.number = to.Number()
	switch {
	case f.mapped:
		if !to.IsMap() || to.MapKey().Kind() != protoreflect.StringKind {
			return nil, &unheldError{path, "is no map of texts there"}
		}
		to = to.MapValue()
	case to.IsMap() || f.repeated != to.IsList():
		return nil, &unheldError{path, map[bool]string{true: "is not repeated there", false: "is repeated or a map there"}[f.repeated]}
	case f.null >= 0 && !to.HasPresence():
		return nil, &unheldError{path, "may be null, and there is not optional: null and zero would be one"}
	case f.null >= 0 && to.Cardinality() == protoreflect.Required:
		return nil, &unheldError{path, "may be null, and is required there"}
	}
	want := f.kind()
	is := to.Kind().String()
	if to.Message() != nil {
		is = string(to.Message().FullName())
	}
	switch {
	case f.msg != nil && (to.Kind() != protoreflect.MessageKind || strings.HasPrefix(is, "google.protobuf.")):
		return nil, &unheldError{path, "is " + is + " and not a message as the stream's schema has it"}
	case f.msg != nil:
		var err error
		bound.msg, err = b.message(f.msg, to.Message(), path)
		return &bound, err
	case is != want && (want != "int32" || is != "int64"): // which have the same form
		return nil, &unheldError{path, "is " + is + " and not " + want}
	}
	return &bound, nil
}
