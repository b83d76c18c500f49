package verify

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// mend makes the record of a row that is missing or stale.
func (a *audit) mend(kind string, row *strategies.Row) {
	op := kafka.OpUpdate
	if kind == missing {
		op = kafka.OpCreate
	}
	admit.New(a.Looks.Reading.Rules, nil, a.Stored.Mark).Put(&a.batch, row, op, &a.from, a.Looks.Now())
	a.ledger.Pass(row.Key)
	if kind == missing {
		a.report.Missing++
	} else {
		a.report.Stale++
	}
}

// write commits what a page's rows have put right, with the cursor as it stands.
func (a *audit) write(ctx context.Context) error {
	if len(a.batch.Records) == 0 {
		return nil
	}
	stored, _, err := a.Repair.Write(ctx, a.Stored, a.batch.Records)
	if err != nil {
		return err
	}
	a.Stored = stored
	a.report.Written += int64(len(a.batch.Records))
	return nil
}

// unshown names the keys that neither look has shown, and buries them in a repair.
func (a *audit) unshown(ctx context.Context, keys int64) error {
	why := ""
	switch {
	case keys == 0:
		return nil
	case a.Looks.Moved != "":
		why = a.Looks.Moved
	case a.nameless > 0:
		why = "the API serves rows without an id that can be read, which may be the same ones"
	}
	if why != "" {
		a.report.ExtraUnknown = fmt.Sprintf("%d keys were not shown by the API: %s", keys, why)
		return nil
	}
	a.report.Extra += keys
	buries := a.Repair != nil
	if most := a.stream.MaxDeleteRatio * float64(a.report.Keys); buries && float64(a.report.Extra) > most {
		buries = false
		a.report.ExtraUnknown = fmt.Sprintf("%d of %d keys are missing from the API, more than max_delete_ratio %v, and are not deleted: is the API's answer whole?",
			a.report.Extra, a.report.Keys, a.stream.MaxDeleteRatio)
	}
	a.batch.Reset()
	_, err := a.Read(ctx, nil, func(rec *kgo.Record) error {
		if !a.mine(rec.Key) {
			return nil
		}
		v, hash, err := a.Back.Inspect(ctx, rec)
		if err != nil || !a.ledger.Extra(rec.Key, v, hash) {
			return err
		}
		v.Raw = []byte(readback.Render(a.Looks.Reading.Format, v))
		a.example(extra, rec.Key, v.Raw)
		if !buries {
			return nil
		}
		a.ledger.Pass(rec.Key)
		a.batch.Records = append(a.batch.Records, a.Looks.Reading.Rules.Bury(rec.Key, v, a.began, a.Looks.Now()))
		if len(a.batch.Records) < 10_000 {
			return nil
		}
		return a.bury(ctx)
	})
	if err != nil || !buries {
		return err
	}
	return a.bury(ctx)
}

// bury commits tombstones.
func (a *audit) bury(ctx context.Context) error {
	n := int64(len(a.batch.Records))
	if n == 0 {
		return nil
	}
	stored, _, err := a.Repair.Write(ctx, a.Stored, a.batch.Records)
	if err != nil {
		return err
	}
	a.Stored = stored
	a.report.Deleted += n
	a.batch.Reset()
	return nil
}
