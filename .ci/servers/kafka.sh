#!/usr/bin/env bash
# A real Apache Kafka: KRaft, one process that is broker and controller, on loopback.
#   kafka.sh get          fetches the jars, prints their folder
#   kafka.sh start DIR    starts it with its data in DIR; DIR/address then holds host:port
#   kafka.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
here=$ROOT/.ci/servers/kafka

get() {
  local stamp libs=$CI_CACHE/kafka
  stamp=$(sha256sum "$here/pom.xml")
  if [ "$(cat "$libs/stamp" 2>/dev/null)" != "${stamp%% *}" ]; then
    rm -rf "$libs"
    maven_get "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs"
    printf '%s\n' "${stamp%% *}" > "$libs/stamp"
  fi
  printf '%s\n' "$libs"
}

start() {
  local data=$1 libs java port cport
  [ -s "$data/address" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null && return 0
  java=$(java_at_least 17) || { packages openjdk-17-jdk-headless; java=$(java_at_least 17); }
  libs=$(get)
  port=${KAFKA_PORT:-$(free_port)}; cport=$(free_port)
  mkdir -p "$data"
  # A single node needs replication 1 everywhere, and min.isr 1 for transactions.
  cat > "$data/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$cport
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$cport
advertised.listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$cport
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$data/logs
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
P
  local log4j="-Dlog4j2.configurationFile=$here/log4j2.xml"
  "$java" -XX:TieredStopAtLevel=1 -Dkafka.log.level=WARN "$log4j" -cp "$libs/*" kafka.tools.StorageTool format \
    --standalone --ignore-formatted -t TWFkZUJ5VGlkZW1hcmtDSQ -c "$data/server.properties" > "$data/format.log" 2>&1 ||
    { cat "$data/format.log" >&2; exit 1; }
  : > "$data/server.log" # the last start's word must not be taken for this one's
  setsid "$java" "-Xms${KAFKA_HEAP:-512m}" "-Xmx${KAFKA_HEAP:-512m}" -Djava.awt.headless=true "$log4j" -cp "$libs/*" \
    kafka.Kafka "$data/server.properties" > "$data/server.log" 2>&1 < /dev/null &
  echo $! > "$data/pid"
  wait_for 90 "Kafka's start" ready "$data" || { tail -30 "$data/server.log" >&2; exit 1; }
  grep -q 'Kafka Server started' "$data/server.log" || { tail -30 "$data/server.log" >&2; exit 1; }
  printf '127.0.0.1:%s\n' "$port" > "$data/address"
}

# ready is also true once the process is gone, so that the wait ends early then.
ready() { grep -q 'Kafka Server started' "$1/server.log" || ! kill -0 "$(cat "$1/pid")" 2>/dev/null; }

case ${1:-} in
  get) get ;;
  start) start "$2" ;;
  stop) stop_pid "$2/pid" 20; rm -f "$2/address" ;;
  *) die "usage: kafka.sh get | start DIR | stop DIR" ;;
esac
