#!/usr/bin/env bash
# Fetches what only the tests need into target/tools: pika and msgpack (the foreign client), promtool.
set -euo pipefail
tools=target/tools
mkdir -p "$tools/python"

PYTHONPATH=$tools/python python3 -c 'import pika, msgpack' 2>/dev/null || {
  echo "fetching pika and msgpack for the foreign client's test"
  python3 -m pip install --quiet --disable-pip-version-check --target "$tools/python" pika==1.3.2 msgpack==1.1.0
}

if ! command -v promtool >/dev/null && [ ! -x "$tools/promtool" ]; then
  command -v apt-get >/dev/null || { echo "promtool is missing: put it on PATH" >&2; exit 1; }
  echo "fetching promtool for the metrics test"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  # Unpacked, not installed: the package would start a server on port 9090.
  (cd "$folder" && { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq; apt-get download -qq prometheus; }; })
  dpkg -x "$folder"/prometheus_*.deb "$folder/unpacked"
  cp "$folder/unpacked/usr/bin/promtool" "$tools/promtool"
fi
