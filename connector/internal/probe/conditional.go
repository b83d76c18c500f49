package probe

import "context"

// askConditional asks for the first page until the API says that it is still the same: an answer is kept once it was asked
// for before, and from then on asked for by its validators.
func askConditional(ctx context.Context, a *asker, k *Known) error {
	if k.First == nil || validators(k.First) == "" {
		return nil
	}
	for range 3 {
		if again, err := a.ask(ctx, k.Base); err != nil || again.Refused() || again.Same {
			return err
		}
	}
	return nil
}

// validators names the headers by which an answer can be told to be the same.
func validators(a *Answer) string {
	etag, modified := a.Header.Get("ETag") != "", a.Header.Get("Last-Modified") != ""
	switch {
	case etag && modified:
		return "ETag and Last-Modified"
	case etag:
		return "ETag"
	case modified:
		return "Last-Modified"
	}
	return ""
}

func judgeConditional(k *Known, own []*Answer) Verdict {
	if k.First == nil {
		return unknown("no page came", 0)
	}
	by := validators(k.First)
	switch {
	case by == "":
		return no("answers have neither ETag nor Last-Modified", 0).by(k.First)
	case len(own) > 0 && own[len(own)-1].Same:
		return yes("by "+by+": a page that has not changed is 304", 0).by(own[len(own)-1])
	case len(own) < 3 || own[2].Refused():
		return unknown("answers have "+by+", and were not asked for by it", 0).by(k.First)
	case own[1].Header.Get("ETag") != own[2].Header.Get("ETag") || fresh(own[2].Rows, own[1].Rows) > 0:
		return unknown("answers have "+by+", and the page changed while it was asked for", 0).by(own[2])
	}
	return no("answers have "+by+", and the same page comes whole when it is asked for by it", 0).by(own[2])
}
