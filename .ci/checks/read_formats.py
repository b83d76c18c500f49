"""Reads topics with Confluent's deserializers and compares them with the API's rows.

    read_formats.py BROKERS REGISTRY-URL ROWS.json TOPIC=FORMAT,ENVELOPE,KEYS...

FORMAT is avro, json_schema, protobuf or json, ENVELOPE flat or debezium, KEYS string or avro. For each key the last value must equal the
API's row: timestamps as moments in time, everything else literally.
"""

import json
import pathlib
import sys
import tempfile

from confluent_kafka.schema_registry import SchemaRegistryClient, topic_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

from read_avro import expected, read

CONF = {"subject.name.strategy": topic_subject_name_strategy}


class Schemas:
    """Hands JSONDeserializer the schema that the topic's records have: it asks by an id that it is told of only then."""

    def __init__(self, client):
        self.client, self.known = client, {}

    def of(self, value):
        number = int.from_bytes(value[1:5], "big")
        if number not in self.known:
            self.known[number] = JSONDeserializer(self.client.get_schema(number).schema_str, schema_registry_client=self.client, conf=CONF)
        return self.known[number]


class Messages:
    """Makes a ProtobufDeserializer of the file that a record has, compiled by protoc, and plain values of its messages.

    It is given no registry: of that it would want descriptors in a form which only Confluent's own has."""

    def __init__(self, client):
        self.client, self.known = client, {}

    def of(self, value, context):
        number = int.from_bytes(value[1:5], "big")
        if number not in self.known:
            with tempfile.TemporaryDirectory() as folder:
                here, made = pathlib.Path(folder) / "schema.proto", pathlib.Path(folder) / "made"
                here.write_text(self.client.get_schema(number).schema_str, encoding="utf-8")
                google = str(pathlib.Path(protoc.__file__).parent / "_proto")
                if protoc.main(["protoc", f"-I{folder}", f"-I{google}", "--include_imports", f"--descriptor_set_out={made}", str(here)]):
                    sys.exit(f"protoc does not take schema {number}")
                files = FileDescriptorSet.FromString(made.read_bytes()).file
            pool = DescriptorPool()  # of its own: files have messages of one name
            for file in files:
                pool.Add(file)
            first = f"{files[-1].package}.{files[-1].message_type[0].name}"
            self.known[number] = ProtobufDeserializer(GetMessageClass(pool.FindMessageTypeByName(first)), CONF)
        return MessageToDict(self.known[number](value, context), preserving_proto_field_name=True)


def main(brokers, registry, rows_file, *topics):
    client = SchemaRegistryClient({"url": registry, "timeout": 30})
    avro, schemas, messages = AvroDeserializer(client, conf=CONF), Schemas(client), Messages(client)
    with open(rows_file, encoding="utf-8") as file:
        rows = {row["id"]: expected(row) for row in json.load(file)}
    if not rows:
        sys.exit("the API served no rows")
    failed = False
    for topic, (values, envelope, keys) in ((t.split("=")[0], t.split("=")[1].split(",")) for t in topics):
        context, of_key = SerializationContext(topic, MessageField.VALUE), SerializationContext(topic, MessageField.KEY)
        found, ops = {}, set()
        for message in read(brokers, topic):
            raw = message.value()
            if values == "avro":
                value = avro(raw, context)
            elif values == "json_schema":
                value = schemas.of(raw)(raw, context)
            elif values == "protobuf":
                value = messages.of(raw, context)
            else:
                value = json.loads(raw)
            if envelope == "debezium":
                ops.add(value["op"])
                value = value["after"]
            if values != "avro":
                value = expected(value)
            if values == "protobuf":  # what is not set is left out
                value = {field: value.get(field) for field in next(iter(rows.values()))}
            key = avro(message.key(), of_key)["id"] if keys == "avro" else message.key().decode("utf-8")
            found[key] = value
        wrong = [key for key in rows.keys() | found.keys() if rows.get(key) != found.get(key)]
        for key in sorted(wrong)[:3]:
            print(f"{topic}: key {key}:\n  API   {rows.get(key)}\n  topic {found.get(key)}")
        if wrong or ops - {"r", "c", "u"}:
            failed = True
            print(f"FAILED: {topic}: {len(wrong)} of {len(rows)} keys differ, ops {ops}")
        else:
            print(f"{topic}: {len(found)} values equal to the API's: {values}, {envelope}, keys {keys}")
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
