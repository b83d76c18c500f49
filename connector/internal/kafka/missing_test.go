package kafka

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

func TestMissingTopicNamesThoseLikeIt(t *testing.T) {
	for _, c := range []struct {
		topics []string
		ask    string
		want   string
	}{
		{[]string{"user_keyset", "user_offset", "orders"}, "user_kyset", "did you mean user_keyset?"},
		{[]string{"user_keyset", "user_offset", "orders"}, "user", "did you mean user_keyset, user_offset?"},
		{[]string{"orders"}, "user", "there are orders"},
		{strings.Split("a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3", " "), "nothing", "and 2 more"},
		{nil, "user", "no topics yet"},
	} {
		cl := cluster(t, 1, c.topics...)
		err := at(cl, c.ask).Tail(t.Context(), Part{}, func(*kgo.Record) error { return nil }, nil)
		if class.Of(err) != class.Broker || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q among %q: got %v, want %q", c.ask, c.topics, err, c.want)
		}
		left, err := kadm.NewClient(producer(t, cl)).ListTopics(t.Context())
		if err != nil || left.Has(c.ask) {
			t.Errorf("asking for %q made it: %v", c.ask, err)
		}
	}
}
