package strategies

import "time"

// How far below a value a request has to begin for its row to come, as far as is known of the API's filter, and how
// that is written.

// granule is the smallest step of a layout; 1 stands for one that is finer than a unit of N,
// as it does for Back.
func (k *core) granule(layout Value) int64 { return max(k.spec.Format.Granule(layout), 1) }

// behind is how far below v a request has to begin, as far as is known, for rows at v to
// come (rule 14).
func (k *core) behind(c *Cursor, v, layout Value) int64 {
	gone, err := k.gone(c, v)
	gone = gone && err == nil && c.Filter == ""
	switch {
	case k.spec.Format == Opaque && !gone:
		return 0
	case unitOf(c).n > 0:
		return max(k.granule(layout), unitOf(c).n)
	case k.spec.Strict, c.Filter == FilterStrict, gone:
		return k.granule(layout)
	}
	return 0
}

// further is the next distance beyond d from which a row that does not come is looked for;
// 0: there is none. A filter that has brought a row at the very value asked from does not
// compare whole minutes.
func (k *core) further(c *Cursor, layout Value, d int64) int64 {
	switch granule := k.granule(layout); {
	case k.spec.Format == Opaque:
		if d == 0 && c.Sweep.Prior != c.Sweep.Slice().After {
			return 1
		}
	case d < granule:
		return granule
	case k.spec.Format.Temporal():
		for _, u := range coarser {
			if d < u.n && (u.n == micro || c.Filter != FilterInclusive) {
				return u.n
			}
		}
	}
	return 0
}

// layout is the finest one among v, what the cursor asks from and near: an API that trims its
// fractions writes 05Z beside 05.9Z, and a whole second less than 05Z would lie before
// what was read already.
func (k *core) layout(c *Cursor, v Value, near ...Value) (Value, error) {
	if !k.spec.Format.varies() {
		return v, nil
	}
	layout, err := k.finest(v, c.Window)
	if err == nil && c.Sweep != nil {
		layout, err = k.finest(layout, c.Sweep.Slice().After)
	}
	for _, n := range near {
		layout = k.spec.Format.finer(layout, n)
	}
	return layout, err
}

// finest is the finer one of a value and a stored one, which most often look the same.
func (k *core) finest(v Value, stored string) (Value, error) {
	if v.Set && alike(k.spec.Format, v.Raw, stored) {
		return v, nil
	}
	w, err := k.value(stored)
	if err != nil {
		return v, err
	}
	return k.spec.Format.finer(v, w), nil
}

// back is the text to ask with to begin so far below v, never below the first mark; v
// verbatim where that is no distance. An opaque value cannot be moved: the text that brought
// it stands for any.
func (k *core) back(c *Cursor, v, layout Value, distance int64) string {
	switch {
	case distance == 0:
		return string(v.Raw)
	case k.spec.Format == Opaque && c.Sweep == nil:
		return c.Prior
	case k.spec.Format == Opaque:
		return c.Sweep.Prior
	}
	layout.N, layout.Sub = v.N, v.Sub
	text := k.spec.Format.Back(layout, distance)
	if k.first.Set {
		if moved, err := k.spec.Format.ParseString(text); err != nil || k.spec.Format.Compare(moved, k.first) < 0 {
			return k.spec.FirstMark
		}
	}
	return text
}

// careful is ask for a place where no answer tells whether the row at its end has come: as
// long as nothing is known of the filter, it begins one granule lower.
func (k *core) careful(c *Cursor, v Value, back time.Duration) (string, error) {
	if c.Filter != "" {
		return k.ask(c, v, back)
	}
	layout, err := k.layout(c, v)
	if err != nil || k.spec.Format == Opaque {
		return string(v.Raw), err
	}
	return k.back(c, v, layout, back.Microseconds()+k.granule(layout)), nil
}

// reach is where a window begins that holds what requests for rows at v and up to back
// before it can return, those of a doubt included (rule 9).
func (k *core) reach(c *Cursor, v Value, back time.Duration, near ...Value) (string, error) {
	layout, err := k.layout(c, v, near...)
	if err != nil || k.spec.Format == Opaque {
		return k.back(c, v, layout, k.behind(c, v, layout)), err
	}
	granule, usual := k.granule(layout), k.behind(c, v, layout)
	if c.Filter == "" {
		usual = max(usual, granule)
	}
	return k.back(c, v, layout, max(back.Microseconds()+usual, granule)), nil
}
