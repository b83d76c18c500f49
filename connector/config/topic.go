package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings of a topic that say what it forgets, and after how long.
const (
	cleanupPolicy   = "cleanup.policy"
	retention       = "retention.ms"        // of records, where the policy is delete
	deleteRetention = "delete.retention.ms" // of tombstones, where it is compact
)

var settingName = regexp.MustCompile(`^[a-z]+([.-][a-z]+)*$`)

// topicConfig holds the settings of the topic against what the stream needs of it. Most of them are the
// broker's to judge.
func (d *decoder) topicConfig(s *Stream, from source) {
	if len(s.TopicConfig) == 0 {
		return
	}
	report := func(name, message, hint string) {
		d.report(d.entryPos(from, "topic_config", name), from.path+"topic_config."+clip(name), message, hint)
	}
	policy := "compact"
	if p, given := s.TopicConfig[cleanupPolicy]; given {
		policy = p
		if !slices.Contains([]string{"compact", "delete", "compact,delete", "delete,compact"}, p) {
			report(cleanupPolicy, "is no policy", `compact, delete, or "compact,delete"`)
			return
		}
	}
	if strings.Contains(policy, "delete") && s.OnTopicLoss == "fail" {
		report(cleanupPolicy, "lets the topic lose its oldest records, which on_topic_loss: fail is to stop at", "compact, or on_topic_loss: reread")
	}
	if strings.Contains(policy, "delete") && s.Traits().All && s.TopicConfig[retention] != "-1" { // rule 11
		report(cleanupPolicy, "lets the topic forget rows that "+s.Strategy+" reads again each time, and each would be written once more, again and again",
			`compact, or retention.ms: -1, which keeps all versions`)
		return
	}
	for name, value := range s.TopicConfig {
		switch {
		case !settingName.MatchString(name):
			report(name, "is not the name of a topic's setting", "as Kafka writes it, for instance retention.ms")
		case name == retention && !strings.Contains(policy, "delete"):
			report(name, "says nothing under cleanup.policy=compact, which keeps the last record of each key for ever", `remove it, or set cleanup.policy: "compact,delete"`)
		case name == deleteRetention && !strings.Contains(policy, "compact"):
			report(name, "says nothing under cleanup.policy=delete, which removes records by retention.ms", "remove it, or give retention.ms")
		case name == retention || name == deleteRetention:
			ms, err := strconv.ParseInt(value, 10, 64)
			switch back := s.Back(); {
			case err != nil || ms < -1:
				report(name, "is no number of milliseconds", "for instance 604800000, a week; -1: for ever")
			case ms >= 0 && ms <= back.Milliseconds(): // rule 11
				report(name, "is "+(time.Duration(ms)*time.Millisecond).String()+", and the stream reads again what is up to "+back.String()+" old: rows that the topic has forgotten would be written once more",
					"keep them longer, or look back less far (buffer_hours, lookback)")
			}
		}
	}
}
