#!/usr/bin/env bash
# Puts the table of settings, made from the code, between its two marks in README.md.
set -euo pipefail
table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo run --quiet --bin cad -- settings >"$table"
python3 - "$table" <<'PY'
import pathlib, re, sys
readme = pathlib.Path("README.md")
table = pathlib.Path(sys.argv[1]).read_text().strip()
begin, end = "<!-- settings -->", "<!-- /settings -->"
text = readme.read_text()
readme.write_text(re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{table}\n{end}", text, flags=re.S))
PY
