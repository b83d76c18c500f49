#!/usr/bin/env bash
# A real Apache Kafka: KRaft, one process that is broker and controller, on loopback.
#   kafka.sh get          fetches the jars, prints their folder
#   kafka.sh start DIR    starts it with its data in DIR; DIR/address then holds host:port
#                         KAFKA_ACCESS=1: two more listeners, see guard
#   kafka.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
here=$ROOT/.ci/servers/kafka

get() { maven_kept kafka "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory={}; }

# guard DIR: two more listeners on a Kafka with its data in DIR, and access rules for all who come by them. DIR/guarded
# wants TLS and a user, by PLAIN, SCRAM or a token that nobody has signed, again every two seconds; DIR/mutual wants TLS
# and a certificate. The users are "worker" with the password in DIR/password, and by PLAIN also "limited" with that in
# DIR/limited; ca.pem, client.pem and client.key lie beside them. Who comes by DIR/address may do all.
guard() {
  local data=$1 gport mport password limited
  gport=$(free_port); mport=$(free_port); password=$(openssl rand -hex 16); limited=$(openssl rand -hex 16)
  printf '%s\n' "$password" > "$data/password"; printf '%s\n' "$limited" > "$data/limited"
  printf '127.0.0.1:%s\n' "$gport" > "$data/guarded"; printf '127.0.0.1:%s\n' "$mport" > "$data/mutual"
  (
    cd "$data"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test authority' -keyout ca.key -out ca.pem
    for name in server client; do
      openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
      openssl x509 -req -days 2 -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$name.pem" \
        -extfile <(printf 'subjectAltName=IP:127.0.0.1\n')
    done
    cat server.key server.pem > server.both
  ) 2> "$data/openssl.log" || { cat "$data/openssl.log" >&2; exit 1; }
  sed -i "s|^\(advertised\.\)\?listeners=.*|&,GUARDED://127.0.0.1:$gport,MUTUAL://127.0.0.1:$mport|;
    s|^listener.security.protocol.map=.*|&,GUARDED:SASL_SSL,MUTUAL:SSL|" "$data/server.properties"
  cat >> "$data/server.properties" <<P
ssl.keystore.type=PEM
ssl.keystore.location=$data/server.both
ssl.truststore.type=PEM
ssl.truststore.location=$data/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.guarded.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.guarded.connections.max.reauth.ms=2000
listener.name.guarded.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_worker="$password" user_limited="$limited";
listener.name.guarded.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.guarded.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.guarded.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
P
  scram=(--add-scram "SCRAM-SHA-256=[name=worker,password=$password]" --add-scram "SCRAM-SHA-512=[name=worker,password=$password]")
}

start() {
  local data=$1 libs java port cport scram=()
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
  [ -z "${KAFKA_ACCESS:-}" ] || guard "$data"
  local log4j="-Dlog4j2.configurationFile=$here/log4j2.xml"
  "$java" -XX:TieredStopAtLevel=1 -Dkafka.log.level=WARN "$log4j" -cp "$libs/*" kafka.tools.StorageTool format \
    --standalone --ignore-formatted "${scram[@]}" -t TWFkZUJ5VGlkZW1hcmtDSQ -c "$data/server.properties" > "$data/format.log" 2>&1 ||
    { cat "$data/format.log" >&2; exit 1; }
  : > "$data/server.log" # the last start's word must not be taken for this one's
  setsid "$java" "-Xms${KAFKA_HEAP:-512m}" "-Xmx${KAFKA_HEAP:-1g}" -Djava.awt.headless=true "$log4j" -cp "$libs/*" \
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
