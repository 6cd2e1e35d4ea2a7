#!/usr/bin/env bash
# Fetches what only tests and checks need into target/tools: pika and msgpack (the foreign client), schemas of manifests, Prometheus.
set -euo pipefail
tools=target/tools
mkdir -p "$tools/python"

PYTHONPATH=$tools/python python3 -c 'import pika, msgpack' 2>/dev/null || {
  echo "fetching pika and msgpack for the foreign client's test"
  python3 -m pip install --quiet --disable-pip-version-check --target "$tools/python" pika==1.3.2 msgpack==1.1.0
}

[ -d "$tools/python/kubernetes_validate" ] && [ -d "$tools/python/check_jsonschema" ] || {
  echo "fetching the schemas for make check-deploy"
  python3 -m pip install --quiet --disable-pip-version-check --target "$tools/python" --upgrade \
    kubernetes-validate==1.37.0 check-jsonschema==0.39.0 PyYAML==6.0.3
}

has() { command -v "$1" >/dev/null || [ -x "$tools/$1" ]; }
if ! has promtool || ! has prometheus; then
  command -v apt-get >/dev/null || { echo "prometheus and promtool are missing: put them on PATH" >&2; exit 1; }
  echo "fetching prometheus and promtool for the tests of metrics and alerts"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  # Unpacked, not installed: the package would start a server on port 9090.
  (cd "$folder" && { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq; apt-get download -qq prometheus; }; })
  dpkg -x "$folder"/prometheus_*.deb "$folder/unpacked"
  cp "$folder"/unpacked/usr/bin/{promtool,prometheus} "$tools/"
fi
