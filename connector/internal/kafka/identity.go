package kafka

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"tidemark/strategies"
)

// TransactionalID is the same for every worker that ever serves the stream (P5), and no other
// stream's: prefix, state topic and stream with dots between them, and behind them, where one of
// the three has dots of its own, the lengths of the first two. Topics' and streams' names have no
// colon, so no id without lengths looks like one with them.
func (o Options) TransactionalID() string {
	id := o.formerID()
	if strings.Count(id, ".") == 2 {
		return id
	}
	return fmt.Sprintf("%s:%d:%d", id, len(o.IDPrefix), len(o.StateTopic))
}

// formerID is the id that earlier versions gave the stream. Two streams could have one, and
// fence each other for ever.
func (o Options) formerID() string { return o.IDPrefix + "." + o.StateTopic + "." + o.Stream }

// worker names this process for people: host and process id.
var worker = sync.OnceValue(func() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
})

// fencedBy is ErrFenced with who has the stream now, as far as the stored cursor tells.
func fencedBy(c strategies.Cursor) error {
	who := ""
	if c.Worker != "" {
		who += ", written by " + c.Worker
	}
	if c.TransactionalID != "" {
		who += fmt.Sprintf(" under the transactional id %q", c.TransactionalID)
	}
	return fmt.Errorf("%w (its cursor now has owner %s, seq %d%s)", ErrFenced, c.Owner, c.Seq, who)
}
