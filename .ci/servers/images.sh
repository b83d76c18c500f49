#!/usr/bin/env bash
# Builds the images that the checks need, from files of this machine: nothing is pulled.
#   images.sh kafka   tidemark-test/kafka:4: a jlinked Java, the broker's jars, busybox
#   images.sh go      tidemark-test/golang:1.26: this machine's Go, the project's modules
#                     and what this run has compiled, busybox; the Dockerfile's builder
#                     stage runs on it where golang:1.26 itself cannot be pulled
# Needs DOCKER_HOST of docker.sh. DOCKER_BUILDKIT=0 because Debian has no buildx.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
here=$ROOT/.ci/servers/images
export DOCKER_BUILDKIT=0

# shell DIR: a root folder with busybox as its shell.
shell() {
  local root=$1 a
  rm -rf "$root"
  mkdir -p "$root"/{bin,tmp,data,etc/ssl/certs,root,proc,sys,dev}
  chmod 1777 "$root/tmp"
  packages busybox-static ca-certificates
  cp /bin/busybox "$root/bin/"
  for a in sh cat cut mkdir hostname sleep; do ln -s busybox "$root/bin/$a"; done
  printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
  printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
}

build() { # build IMAGE DOCKERFILE FOLDER
  docker build -q -t "$1" -f "$2" "$3" > "$CI_RUN/image.log" 2>&1 || { cat "$CI_RUN/image.log" >&2; exit 1; }
  rm -rf "$3"
  docker images "$1"
}

kafka() {
  local root=$CI_RUN/image-kafka java jdk libs so
  java=$(java_at_least 17) && jdk=$(dirname "$(dirname "$(readlink -f "$(command -v "$java")")")")
  if [ ! -d "${jdk:-}/jmods" ]; then packages openjdk-17-jdk-headless; jdk=$(echo /usr/lib/jvm/java-17-openjdk-*); fi
  libs=$("$ROOT/.ci/servers/kafka.sh" get)
  shell "$root"
  mkdir -p "$root"/{opt/kafka,lib/x86_64-linux-gnu,lib64}
  "$jdk/bin/jlink" --output "$root/opt/java" --strip-debug --no-man-pages --no-header-files --compress=0 --add-modules \
    java.base,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.desktop,jdk.unsupported,jdk.management,jdk.net,jdk.crypto.ec,jdk.zipfs,java.instrument
  # The libraries that Java's programs and libraries name, and those that the jars'
  # own native parts want.
  { find "$root/opt/java" -type f \( -name '*.so' -o -path '*/bin/*' -o -name jspawnhelper \) -exec ldd {} + 2>/dev/null |
      sed -nE 's/.*=> (\/[^ ]+) .*/\1/p' | grep -v "^$root"
    for so in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2 libgcc_s.so.1 libstdc++.so.6; do
      ldconfig -p | sed -nE "s/^[[:space:]]*${so//+/\\+} .*=> (.*x86_64.*)/\1/p"
    done; } | sort -u | xargs cp -Lft "$root/lib/x86_64-linux-gnu/"
  cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
  cp -r "$libs" "$root/opt/kafka/libs"
  cp "$ROOT/.ci/servers/kafka/log4j2.xml" "$root/opt/kafka/"
  cp "$here/kafka-entry.sh" "$root/opt/kafka/entry.sh"
  build tidemark-test/kafka:4 "$here/kafka.Dockerfile" "$root"
}

go_image() {
  local root=$CI_RUN/image-go goroot modules=$CI_RUN/modules
  goroot=$(go env GOROOT)
  shell "$root"
  mkdir -p "$root/usr/local/go/pkg"
  cp -r "$goroot"/{bin,src,lib,VERSION,go.env} "$root/usr/local/go/"
  cp -r "$goroot/pkg"/{tool,include} "$root/usr/local/go/pkg/"
  rm -rf "$root/usr/local/go/src/cmd" # the tools are there as programs
  # Downloading this project's modules from the module cache into an empty one leaves just
  # them, laid out as a module proxy serves them.
  rm -rf "$modules"
  (cd "$ROOT" && go mod download && GOPROXY=file://$(go env GOMODCACHE)/cache/download GOSUMDB=off GOFLAGS=-modcacherw GOMODCACHE=$modules go mod download)
  mv "$modules/cache/download" "$root/modules"
  rm -rf "$modules"
  tidemark_bin > /dev/null
  mkdir -p "$root/root/.cache"
  cp -r "$CI_CACHE/go-build" "$root/root/.cache/"
  build tidemark-test/golang:1.26 "$here/go.Dockerfile" "$root"
}

case ${1:-} in
  kafka) kafka ;;
  go) go_image ;;
  *) die "usage: images.sh kafka | go" ;;
esac
