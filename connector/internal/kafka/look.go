package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
)

// Look looks at many topics at once. It does not say which of them forget; a topic about
// which the broker has no clear word is left out.
func (o Options) Look(ctx context.Context, topics []string) (map[string]Found, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	cl, err := o.client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	return look(ctx, kadm.NewClient(cl), topics)
}

func look(ctx context.Context, adm *kadm.Client, topics []string) (map[string]Found, error) {
	found := make(map[string]Found)
	listed, err := adm.ListTopics(ctx, topics...)
	switch {
	case denied(err) && len(topics) > 1: // the client's error is for all, because of one
		for half := range slices.Chunk(topics, (len(topics)+1)/2) {
			some, err := look(ctx, adm, half)
			if err != nil {
				return nil, err
			}
			maps.Copy(found, some)
		}
		return found, nil
	case denied(err):
		return found, nil
	case err != nil:
		return nil, err
	}
	var there []string
	for _, name := range topics {
		switch t, ok := listed[name]; {
		case !ok || errors.Is(t.Err, kerr.UnknownTopicOrPartition):
			found[name] = Found{Missing: true}
		case t.Err == nil && len(t.Partitions) > 0:
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return found, nil
	}
	first, err := adm.ListStartOffsets(ctx, there...)
	if err != nil {
		return nil, err
	}
	last, err := adm.ListEndOffsets(ctx, there...)
	if err != nil {
		return nil, err
	}
	for _, name := range there {
		n := len(listed[name].Partitions)
		f := Found{ID: listed[name].ID.String(), Starts: make([]int64, n), Ends: make([]int64, n)}
		whole := true
		for p := range n {
			begin, ok := first.Lookup(name, int32(p))
			end, also := last.Lookup(name, int32(p))
			whole = whole && ok && also && begin.Err == nil && end.Err == nil
			f.Starts[p], f.Ends[p] = begin.Offset, end.Offset
		}
		if whole {
			found[name] = f
		}
	}
	return found, nil
}

// LookAt is Look at the output topic, with a word on whether it forgets.
func (o Options) LookAt(ctx context.Context) (Found, error) {
	found, err := o.Look(ctx, []string{o.Topic})
	if err != nil {
		return Found{}, class.Errorf(class.Broker, "looking at topic %s: %w", o.Topic, err)
	}
	f, ok := found[o.Topic]
	if !ok {
		return f, class.Errorf(class.Broker, "looking at topic %s: the broker has no clear word on it", o.Topic)
	}
	if f.Missing {
		return f, nil
	}
	cl, err := o.client()
	if err != nil {
		return f, err
	}
	defer cl.Close()
	policy, err := o.config(ctx, kadm.NewClient(cl), o.Topic, "cleanup.policy")
	f.Forgets = strings.Contains(policy, "delete")
	return f, err
}
