#!/usr/bin/env bash
# Puts the server programs of a container image first on PATH, since the tests start their own processes:
#   bash scripts/server-of-image.sh redis:7.4-bookworm
# Each program starts with the loader and the libraries of its image, so it runs whatever the C library of this machine is.
# In GitHub Actions the following steps find them; elsewhere the script prints the folder.
set -euo pipefail

image=$1
programs=(redis-server redis-sentinel redis-cli redis-benchmark)
home=$(mktemp -d "${RUNNER_TEMP:-/tmp}/server-XXXXXX")
mkdir "$home/image" "$home/bin"

container=$(docker create "$image")
trap 'docker rm --force "$container" >/dev/null' EXIT
docker export "$container" | tar --extract --directory "$home/image" --no-same-owner usr/local/bin usr/lib lib lib64

loader=$(find "$home/image/usr/lib" "$home/image/lib" -name 'ld-linux-*.so.*' -print -quit 2>/dev/null)
libraries=$(dirname "$loader")
for program in "${programs[@]}"; do
  [ -e "$home/image/usr/local/bin/$program" ] || continue
  printf '#!/bin/sh\nexec "%s" --argv0 "%s" --library-path "%s" "%s" "$@"\n' \
    "$loader" "$program" "$libraries" "$home/image/usr/local/bin/$program" >"$home/bin/$program"
  chmod +x "$home/bin/$program"
done

"$home/bin/redis-server" --version
[ -z "${GITHUB_PATH:-}" ] || echo "$home/bin" >>"$GITHUB_PATH"
echo "$home/bin"
