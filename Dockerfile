# docker build -t vedette . && docker run --network host -v vedette:/data vedette
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -o /vedette ./cmd/vedette

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data vedette && install -d -o vedette -g vedette /data
COPY --from=build /vedette /usr/local/bin/vedette
USER vedette
VOLUME /data
ENV VEDETTE_DATA=/data/vedette
# Beyond the machine it needs tokens and TLS: mount a configuration, and name it in VEDETTE_CONFIG. Without one it listens on
# the container's own loopback, so run it with --network host, or put a proxy with TLS beside it.
EXPOSE 8480
ENTRYPOINT ["/usr/local/bin/vedette"]
CMD ["serve"]
