# A stand-in for golang:1.26 from the files that images.sh laid out: see there.
FROM scratch
COPY . /
ENV PATH=/bin:/usr/local/go/bin HOME=/root GOTOOLCHAIN=local GOPROXY=file:///modules GOSUMDB=off
