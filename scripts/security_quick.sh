#!/usr/bin/env bash
# What can be checked without network in seconds: dependency sources, committed secrets, file modes, image users, models.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
bad() { echo "bad   $*"; failed=1; }
good() { echo "ok    $*"; }

scripts/check_deny.sh

foreign=$(grep -E '^source = ' Cargo.lock | grep -vc 'registry+https://github.com/rust-lang/crates.io-index' || true)
if [ "$foreign" = 0 ]; then good "every dependency of Cargo.lock comes from crates.io"; else bad "$foreign dependencies of Cargo.lock come from elsewhere: grep source Cargo.lock"; fi

secrets=$(git grep -nIE -e '-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|(ghp|hf|sk)_[A-Za-z0-9]{30,}' -- . ':!scripts/security_quick.sh' || true)
if [ -z "$secrets" ]; then good "no key or token is committed"; else bad "these lines look like secrets:"; echo "$secrets"; fi

if git ls-files --error-unmatch .env >/dev/null 2>&1; then bad ".env is committed: git rm --cached .env"; else good ".env is not committed"; fi
open_files=$(find . -maxdepth 1 -name '.env*' -perm /077 | paste -sd' ')
[ -z "$open_files" ] || bad "others may read $open_files: chmod 600"

if grep -q '^USER [1-9]' deploy/Dockerfile; then good "images run as a user without rights"; else bad "deploy/Dockerfile sets no user"; fi
if grep -q 'unsafe_code = "forbid"' Cargo.toml; then good "unsafe code is forbidden"; else bad "Cargo.toml does not forbid unsafe code"; fi
python3 - <<'PY' || failed=1
import sys
sys.path.append("deploy")
import fetch_models, os, pathlib
folder = pathlib.Path(os.environ.get("MODELS_DIR", "models"))
wanted = fetch_models.artefacts_for_this_machine(fetch_models.read_manifest(pathlib.Path("deploy/models.toml")))
broken = [artefact["file"] for artefact in wanted if not fetch_models.is_in_place(folder, artefact)]
print(f"bad   {', '.join(broken)} differ from deploy/models.toml: make models" if broken else "ok    models are those of deploy/models.toml")
sys.exit(bool(broken))
PY
exit "$failed"
