#!/bin/sh
# Entry point of tidemark-test/kafka: one process that is broker and controller, on 9092.
# Clients are told the address in $KAFKA_ADVERTISED (host:port); or, where
# $KAFKA_WAIT_ADVERTISED is set, the first line of /tmp/advertised, which a test writes
# once it knows the published port; or else localhost:9092.
set -e
advertised=${KAFKA_ADVERTISED:-}
if [ -z "$advertised" ] && [ -n "${KAFKA_WAIT_ADVERTISED:-}" ]; then
  tries=0
  while [ ! -s /tmp/advertised ]; do
    tries=$((tries + 1))
    [ "$tries" -le 600 ] || { echo "nobody wrote /tmp/advertised within 60 s" >&2; exit 1; }
    sleep 0.1
  done
  read -r advertised < /tmp/advertised
fi
own=$(hostname -i | cut -d' ' -f1)
cat > /tmp/server.properties <<P
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=EXTERNAL://:9092,INTERNAL://:9094,CONTROLLER://localhost:9093
advertised.listeners=EXTERNAL://${advertised:-localhost:9092},INTERNAL://$own:9094,CONTROLLER://localhost:9093
listener.security.protocol.map=EXTERNAL:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=INTERNAL
log.dirs=/data
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
P
log=-Dlog4j2.configurationFile=/opt/kafka/log4j2.xml
[ -f /data/meta.properties ] || java -XX:TieredStopAtLevel=1 -Dkafka.log.level=WARN $log -cp '/opt/kafka/libs/*' \
  kafka.tools.StorageTool format --standalone -t TWFkZUJ5VGlkZW1hcmtDSQ -c /tmp/server.properties
exec java -Xms512m -Xmx1g $log -cp '/opt/kafka/libs/*' kafka.Kafka /tmp/server.properties
