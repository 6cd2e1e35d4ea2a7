#!/bin/sh
# Repeats everything: fonts, Python packages, training, export, figures on real and drawn sheets.
# Cache and processor time can be given: CACHE (default ~/.cache/regions), MINUTES (default 60).
# Needs Debian with apt-get and Python 3.10 or newer; no GPU.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${CACHE:-$HOME/.cache/regions}
python=$cache/env/bin/python

sh "$here/../dimension_text/fetch_fonts.sh" "$cache/fonts"
[ -x "$python" ] || python3 -m venv "$cache/env"
"$python" -m pip install --quiet -r "$here/requirements.txt"

export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
nice -n 15 "$python" "$here/train.py" regions --fonts "$cache/fonts" --weights "$cache/weights.pt" \
    --output "$here/regions.onnx" --minutes "${MINUTES:-60}"
"$python" "$here/evaluate.py" --fonts "$cache/fonts" --reference "$here/reference.json"
