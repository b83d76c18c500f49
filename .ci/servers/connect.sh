#!/usr/bin/env bash
# A Kafka Connect worker with one sink: Debezium's for JDBC, which reads Avro in Confluent's wire format.
#   connect.sh get                                             fetches the jars, prints their folder
#   connect.sh start DIR BROKERS REGISTRY-URL POSTGRES TOPIC [SETTING...]   writes the topic into the table of its name
#   connect.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
here=$ROOT/.ci/servers/connect

get() { maven_kept connect "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory={}; }

start() {
  local data=$1 brokers=$2 registry=$3 postgres=$4 topic=$5 libs java side own
  shift 5
  java=$(java_at_least 17) || { packages openjdk-17-jdk-headless; java=$(java_at_least 17); }
  libs=$(get)
  mkdir -p "$data"
  # The converter asks by the registry's own API, under the ids that its Confluent API has.
  own=${registry%/ccompat/*}/registry/v2
  {
    printf '%s\n' "bootstrap.servers=$brokers" "offset.storage.file.filename=$data/offsets" offset.flush.interval.ms=1000 \
      "listeners=http://127.0.0.1:$(free_port)" plugin.discovery=service_load consumer.isolation.level=read_committed \
      consumer.metadata.max.age.ms=1000 consumer.auto.offset.reset=earliest
    for side in key value; do
      printf "$side.converter%s\n" =io.apicurio.registry.utils.converter.AvroConverter ".apicurio.registry.url=$own" \
        .apicurio.registry.as-confluent=true .apicurio.registry.use-id=contentId
    done
  } > "$data/worker.properties"
  printf '%s\n' name=sink connector.class=io.debezium.connector.jdbc.JdbcSinkConnector tasks.max=1 "topics=$topic" \
    "connection.url=jdbc:postgresql://$postgres/postgres" connection.username=postgres connection.password=none \
    insert.mode=upsert delete.enabled=true primary.key.mode=record_key schema.evolution=basic 'collection.name.format=${topic}' "$@" > "$data/sink.properties"
  setsid "$java" -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$ROOT/.ci/servers/kafka/log4j2.xml" -cp "$libs/*" \
    org.apache.kafka.connect.cli.ConnectStandalone "$data/worker.properties" "$data/sink.properties" > "$data/server.log" 2>&1 < /dev/null &
  echo $! > "$data/pid"
}

case ${1:-} in
  get) get ;;
  start) shift; start "$@" ;;
  stop) stop_pid "$2/pid" 5 ;;
  *) die "usage: connect.sh get | start DIR BROKERS REGISTRY-URL POSTGRES TOPIC [SETTING...] | stop DIR" ;;
esac
