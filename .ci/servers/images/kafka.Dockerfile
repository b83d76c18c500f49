# Apache Kafka from the files that images.sh laid out: see there.
FROM scratch
COPY . /
ENV PATH=/bin:/opt/java/bin
EXPOSE 9092
ENTRYPOINT ["/bin/sh", "/opt/kafka/entry.sh"]
