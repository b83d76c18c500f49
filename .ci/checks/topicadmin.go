// Command topicadmin does to a topic what an operator does.
//
//	topicadmin BROKERS delete TOPIC
//	topicadmin BROKERS make TOPIC PARTITIONS
//	topicadmin BROKERS widen TOPIC PARTITIONS
//	topicadmin BROKERS limit TOPIC BYTES
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
		return fmt.Errorf("usage: topicadmin BROKERS delete|make|widen|limit TOPIC [PARTITIONS|BYTES]")
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(args[0], ",")...))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	adm, topic := kadm.NewClient(cl), args[2]
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
