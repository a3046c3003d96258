# Postgres and Redis for trying out, from Debian's packages; the overlay `dev` starts one or the other.
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-20251117-slim
FROM ${DEBIAN_IMAGE}
ENV DEBIAN_FRONTEND=noninteractive
RUN mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
 && apt-get update && apt-get install --yes --no-install-recommends postgresql redis-server && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
# initdb wants a name for whoever runs it.
RUN echo 'capstan:x:65532:65532::/tmp:/usr/sbin/nologin' >> /etc/passwd
COPY start-postgres.sh /usr/local/bin/start-postgres
USER 65532:65532
CMD ["start-postgres"]
