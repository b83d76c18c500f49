package strategies

import "slices"

// Tri is an answer to a question about an API: yes, no, or that it could not be told.
type Tri int8

// The answers. Of several that all have to be yes the greatest holds.
const (
	Yes     Tri = -1
	Unknown Tri = 0
	No      Tri = 1
)

// String is how reports write the answer.
func (t Tri) String() string {
	switch t {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// MarshalText writes the answer as String does.
func (t Tri) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// TriOf is yes or no.
func TriOf(yes bool) Tri {
	if yes {
		return Yes
	}
	return No
}

// Offer is what is known of an API, by which a strategy for it can be told.
type Offer struct {
	Filter  Tri             // a lower bound of the cursor field leaves out what lies before it, and nothing else
	Rises   Tri             // rows come in rising order of the cursor field
	Falls   Tri             // in falling order
	Whole   Tri             // one answer holds all
	Pages   string          // the pager by which a second page came; "": none is known
	Skips   Tri             // tokens leave out rows that share the last value of a page
	Carries func(Role) bool // whether requests have a place for a role
}

func (o Offer) carries(roles ...Role) Tri {
	return TriOf(!slices.ContainsFunc(roles, func(r Role) bool { return !o.Carries(r) }))
}

// by says whether pages are known to follow each other by one of these pagers.
func (o Offer) by(pagers ...string) Tri {
	if o.Pages == "" {
		return Unknown
	}
	return TriOf(slices.Contains(pagers, o.Pages))
}

func all(of ...Tri) Tri { return slices.Max(of) }
func one(of ...Tri) Tri { return slices.Min(of) }

// Fits says whether the API offers what the recipe needs.
func (r Recipe) Fits(o Offer) Tri {
	needs := o.carries(r.Needs...)
	if r.Walks {
		needs = all(needs, o.by(r.Pagers...), TriOf(o.Skips != Yes || !ByTokens(o.Pages)))
	}
	return all(needs, r.fits(o))
}

// Recommend is the recipe of the first strategy that an API is known to offer all for, in the order in which the README
// lists them. The configured one stays where nothing speaks against it and no better one is known to fit; sure says that
// it is known to fit as well. ok is false where what is known fits none.
func Recommend(configured string, o Offer) (r Recipe, sure, ok bool) {
	now, ok := Of(configured)
	fits := No
	if ok {
		fits = now.Fits(o)
	}
	for _, r := range recipes {
		switch {
		case fits == Unknown, fits == Yes && (now.Buffered || now.ByID || r.Name == now.Name):
			return now, fits == Yes, true
		case r.Fits(o) == Yes:
			return r, true, true
		}
	}
	return Recipe{}, false, false
}
