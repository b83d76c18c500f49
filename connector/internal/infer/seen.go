package infer

import "strings"

// Seen is what was seen in one place of the rows, for a schema that is there and may lack some of it.
type Seen struct{ x *shape }

// Seen is what was seen of the rows themselves.
func (s *Samples) Seen() Seen { return Seen{&shape{objects: s.top}} }

// Names are those of all objects in the place, in the order in which they were met.
func (v Seen) Names() []string { return v.x.objects.names }

// Field is what was seen under a name of the objects.
func (v Seen) Field(name string) Seen { return Seen{v.x.objects.fields[name]} }

// Elements is what was seen under all names of the objects.
func (v Seen) Elements() Seen { return Seen{v.x.objects.elements()} }

// Items is what was seen in the arrays; false: nothing.
func (v Seen) Items() (Seen, bool) { return Seen{v.x.items}, v.x.items != nil }

// Wide reports whether there is a number that 32 bits do not hold.
func (v Seen) Wide() bool { return v.x.numbers.wide }

// Fraction reports whether there is a number that is not whole.
func (v Seen) Fraction() bool { return v.x.numbers.fraction }

// Double reports whether there is a number that a float of 32 bits does not hold.
func (v Seen) Double() bool { return v.x.numbers.double }

// Inexact reports whether there is a whole number that a double does not hold.
func (v Seen) Inexact() bool { return v.x.numbers.inexact }

// Unholdable says why no type holds what was seen; "": one does.
func (v Seen) Unholdable() string { return v.x.holds() }

// Nothing reports whether only null was seen, or what is empty, of which no type can be told.
func (v Seen) Nothing() bool { return v.x.nothing() }

// Declared is the declaration of a nullable field, null by default, that holds what was seen; taken are the names of types
// that are used, and are added to. Texts are strings, whatever they look like: a few samples do not tell what others
// will be. Fields further down of which only null was seen are left out, and those whose names Avro does not allow.
func (v Seen) Declared(name, record string, taken map[string]bool) string {
	b := &builder{types: taken, plain: true}
	t := b.kind(v.x.known(), record+"_"+name, name)
	return strings.TrimSpace(written(members{{"name", name}, {"type", nullable(t)}, {"default", nil}}))
}

// nothing reports whether no type can be told.
func (x *shape) nothing() bool {
	switch {
	case x == nil || x.values() == 0:
		return true
	case x.kinds() > 1:
		return false
	case x.arrays > 0:
		return x.items.nothing()
	case x.objects.n > 0:
		for _, name := range x.objects.names {
			if !x.objects.fields[name].nothing() {
				return false
			}
		}
		return true
	}
	return false
}

// known is the shape without the fields of which no type can be told.
func (x *shape) known() *shape {
	out := *x
	if x.items != nil {
		out.items = x.items.known()
	}
	out.objects = object{n: x.objects.n}
	for _, name := range x.objects.names {
		if f := x.objects.fields[name]; !f.nothing() {
			*out.objects.field(name) = *f.known()
			out.objects.in[name] = x.objects.in[name]
		}
	}
	return &out
}
