"""Reads a topic with a client that is not tidemark's and compares it with the API's rows.

    read_avro.py BROKERS REGISTRY-URL TOPIC ROWS.json

confluent-kafka's AvroDeserializer fetches the writer's schema from the registry by the id
in each record. For each key the last value must equal the API's row: the timestamps as
moments in time, everything else literally.
"""

import json
import sys
from datetime import datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def read(brokers, topic):
    """Yields every committed message from the topic's beginning to its present end."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "independent-reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    if not partitions:
        sys.exit(f"topic {topic} does not exist")
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    open_partitions = len(partitions)
    while open_partitions:
        message = consumer.poll(30)
        if message is None:
            sys.exit(f"{topic}: nothing for 30 s, {open_partitions} partitions not read to their end")
        if message.error() is None:
            yield message
        elif message.error().code() == KafkaError._PARTITION_EOF:
            open_partitions -= 1
        else:
            raise KafkaException(message.error())
    consumer.close()


def expected(row):
    """The API's row as the deserializer should give it."""
    times = {f: datetime.fromisoformat(row[f].replace("Z", "+00:00")) for f in ("createdAt", "updatedAt")}
    return {**row, **times}


def main(brokers, registry, topic, rows_file):
    # The subject is <topic>-value, as tidemark says. The client's default asks the registry for
    # more than Confluent's old API has, and may then wait for ever.
    client = SchemaRegistryClient({"url": registry, "timeout": 30})
    deserialize = AvroDeserializer(client, conf={"subject.name.strategy": topic_subject_name_strategy})
    found = {}
    for message in read(brokers, topic):
        context = SerializationContext(topic, MessageField.VALUE)
        found[message.key().decode("utf-8")] = deserialize(message.value(), context)

    with open(rows_file, encoding="utf-8") as file:
        rows = {row["id"]: expected(row) for row in json.load(file)}
    wrong = [key for key in rows.keys() | found.keys() if rows.get(key) != found.get(key)]
    for key in sorted(wrong)[:5]:
        print(f"{topic}: key {key}:\n  API   {rows.get(key)}\n  topic {found.get(key)}")
    if wrong:
        sys.exit(f"{topic}: {len(wrong)} of {len(rows)} keys differ")
    if not rows:
        sys.exit("the API served no rows")
    print(f"{topic}: {len(found)} values equal to the API's, read by AvroDeserializer")


if __name__ == "__main__":
    main(*sys.argv[1:])
