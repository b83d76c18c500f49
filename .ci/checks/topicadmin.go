// Command topicadmin does to a topic what an operator does.
//
//	topicadmin BROKERS delete TOPIC
//	topicadmin BROKERS make TOPIC PARTITIONS
//	topicadmin BROKERS widen TOPIC PARTITIONS
//	topicadmin BROKERS limit TOPIC BYTES
//	topicadmin BROKERS allow USER PREFIX...   what connector/docs/kafka.md says that a worker needs, for topics and ids with these prefixes
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "topicadmin:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: topicadmin BROKERS delete|make|widen|limit TOPIC [PARTITIONS|BYTES], or allow USER PREFIX...")
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(args[0], ",")...))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	adm, topic := kadm.NewClient(cl), args[2]
	if args[1] == "allow" {
		return allow(ctx, adm, args[2], args[3:])
	}
	partitions := 1
	if len(args) > 3 {
		if partitions, err = strconv.Atoi(args[3]); err != nil {
			return err
		}
	}
	switch args[1] {
	case "delete":
		if _, err := adm.DeleteTopic(ctx, topic); err != nil {
			return err
		}
		for {
			topics, err := adm.ListTopics(ctx, topic)
			if err != nil || !topics.Has(topic) {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	case "make":
		compact := "compact"
		_, err = adm.CreateTopic(ctx, int32(partitions), 1, map[string]*string{"cleanup.policy": &compact}, topic)
		return err
	case "widen":
		_, err = adm.UpdatePartitions(ctx, partitions, topic)
		return err
	case "limit":
		set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: &args[len(args)-1]}}
		altered, err := adm.AlterTopicConfigs(ctx, set, topic)
		if err == nil {
			_, err = altered.On(topic, nil)
		}
		return err
	}
	return fmt.Errorf("%q is not one of delete, make, widen, limit", args[1])
}

func allow(ctx context.Context, adm *kadm.Client, user string, prefixes []string) error {
	rule := func() *kadm.ACLBuilder {
		return kadm.NewACLs().Allow("User:" + user).ResourcePatternType(kadm.ACLPatternPrefixed)
	}
	for _, rules := range []*kadm.ACLBuilder{
		rule().Topics(prefixes...).Operations(kadm.OpRead, kadm.OpWrite, kadm.OpDescribeConfigs, kadm.OpCreate),
		rule().TransactionalIDs("tidemark").Operations(kadm.OpWrite),
	} {
		made, err := adm.CreateACLs(ctx, rules)
		if err != nil {
			return err
		}
		for _, m := range made {
			if m.Err != nil {
				return m.Err
			}
		}
	}
	return nil
}
