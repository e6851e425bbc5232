# wxbench in an image that holds nothing else: docker build -t wxbench . && docker run --rm wxbench run release_retains
#
# It runs as an ordinary user. To look at a process of another container or of the host it needs to see it and may trace it:
#   docker run --rm --pid=host --cap-add=SYS_PTRACE --user 0 wxbench audit PID
FROM debian:12-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends make ca-certificates
WORKDIR /src
COPY . .
RUN scripts/bootstrap build \
 && make -j"$(nproc)" static-"$(uname -m)" \
 && mkdir -p /root-of-image/tmp && chmod 1777 /root-of-image/tmp \
 && DESTDIR=/root-of-image PREFIX=/usr PARTS='program data' packaging/install install build/static/"$(uname -m)"

FROM scratch
COPY --from=build /root-of-image /
USER 65532:65532
WORKDIR /tmp
ENV HOME=/tmp
ENTRYPOINT ["/usr/bin/wxbench"]
CMD ["--help"]
