# tidemark in an image: one static program, the certificates it trusts, a folder it may
# write to, and nothing else.
#
#   docker build -t tidemark .
#   docker run --rm tidemark version
#
# GO_IMAGE is any image with Go 1.26, a shell and /etc/ssl/certs/ca-certificates.crt.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS builder
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# What tidemark version says: docker build --build-arg VERSION=1.2.3
ARG VERSION
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=${VERSION}" -o /out/tidemark ./cmd/tidemark && mkdir /out/data

FROM scratch AS final
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=builder /out/tidemark /tidemark
COPY --from=builder --chown=65532:65532 /out/data /data
# A number, because there is no /etc/passwd to look a name up in.
USER 65532:65532
# The default data folder, .tidemark, comes to lie in here.
WORKDIR /data
ENTRYPOINT ["/tidemark"]
CMD ["run", "-c", "/etc/tidemark/tidemark.yaml"]
# There is no shell and no curl in here: the program looks for itself, at what a run writes, and asks it there whether
# it is ready. An API or a broker that is away for a while is no ill health: the worker waits for them (http.ready_after).
ENV TIDEMARK_HEARTBEAT=/data/heartbeat.json
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["/tidemark", "health"]
