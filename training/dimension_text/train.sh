#!/bin/sh
# Repeats everything: fonts, Python packages, training, export, figures on real drawings.
# Cache and time can be given: CACHE (default ~/.cache/dimension_text), MINUTES (default 60).
# Needs Debian with apt-get and Python 3.10 or newer; no GPU.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${CACHE:-$HOME/.cache/dimension_text}
python=$cache/env/bin/python

sh "$here/fetch_fonts.sh" "$cache/fonts"
[ -x "$python" ] || python3 -m venv "$cache/env"
"$python" -m pip install --quiet -r "$here/requirements.txt"

# One thread trains and one process draws. Idle threads that spin would take the processor from the other.
export OMP_WAIT_POLICY=passive PYTHONDONTWRITEBYTECODE=1
nice -n 15 "$python" "$here/train.py" --fonts "$cache/fonts" --weights "$cache/weights.pt" \
    --output "$here/dimension_text.onnx" --minutes "${MINUTES:-60}" --threads 1 --bfloat16
"$python" "$here/evaluate.py" --time
