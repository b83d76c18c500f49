package probe

import "fmt"

func judgeTotal(k *Known, _ []*Answer) Verdict {
	first := k.Pages[0]
	total, where := first.total()
	n := len(k.rows())
	said := fmt.Sprintf("%s says %d", where, total)
	switch {
	case total < 0:
		return unknown("no answer has a total", n)
	case int64(n) > total:
		return no(fmt.Sprintf("%s, and %d rows were read", said, n), n).by(first).sets("total_path", `""`)
	case k.Whole == "":
		return unknown(fmt.Sprintf("%s, and the list was read up to row %d only", said, n), n).by(first)
	case int64(n) < total:
		return no(fmt.Sprintf("%s, and the list ends after %d rows (%s)", said, n, k.Whole), n).by(first).sets("total_path", `""`)
	}
	return yes(said+", as many as were read up to the end ("+k.Whole+")", n).by(first)
}
