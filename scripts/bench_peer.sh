#!/usr/bin/env bash
# Compares this project's reading with rapidocr on the same models; the peer lives in target/peer, away from everything else.
set -euo pipefail
drawings=${DRAWINGS:-tests/drawings}
peer=target/peer
[ -d "$peer/rapidocr" ] || {
  echo "fetching the peer (rapidocr 3.10.0)"
  python3 -m pip install --quiet --disable-pip-version-check --target "$peer" rapidocr==3.10.0 onnxruntime==1.32.0 opencv-python-headless
}
PYTHONPATH=$peer python3 deploy/bench_peer.py --cad "${CAD:-target/release/cad}" --drawings "$drawings" "$@"
