#!/usr/bin/env python3
"""Checks that nothing is broken or missing: model files, what the store holds, the queues, and a backup if one is named.

`check_integrity.py [BACKUP]`; exit code 1 when something is bad, each with its fix.
"""

import hashlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from ops_common import ROOT, Redis, api_url, load_env_file, program, setting

sys.path.append(str(ROOT / "deploy"))
import fetch_models  # noqa: E402

ENDED = {b"completed", b"failed", b"canceled"}


def main() -> int:
    load_env_file()
    checks = [("models", models), ("store", store), ("queues", queues)]
    if len(sys.argv) > 1:
        checks.append(("backup", lambda: backup(Path(sys.argv[1]))))
    bad = False
    for name, check in checks:
        problems, seen = check()
        bad |= bool(problems)
        print(f"ok    {name:8} {seen}" if not problems else "\n".join(f"bad   {name:8} {problem}" for problem in problems))
    return 1 if bad else 0


def models() -> "tuple[list[str], str]":
    folder = ROOT / setting("MODELS_DIR")
    wanted = fetch_models.artefacts_for_this_machine(fetch_models.read_manifest(ROOT / "deploy/models.toml"))
    broken = [artefact["file"] for artefact in wanted if not fetch_models.is_in_place(folder, artefact)]
    problems = [f"{folder / file} is missing or changed; fix: make models" for file in broken]
    return problems, f"{len(wanted)} files in {folder} match their hashes"


def store() -> "tuple[list[str], str]":
    """Every job that has completed has a result that can be read, and everything has its end."""
    namespace = setting("NAMESPACE")
    problems, jobs, results = [], 0, 0
    try:
        redis = Redis(setting("REDIS_URL"))
        for key in redis.keys(f"{namespace}:{{*}}:job"):
            job = key.split("{")[1].split("}")[0]
            state, seed = redis.ask("HMGET", key, "state", "seed")
            if state is None and seed is None:
                continue
            jobs += 1
            problems += [f"job {job}: {problem}" for problem in of_job(redis, namespace, job, state, seed)]
        for key in redis.keys(f"{namespace}:{{*}}:result"):
            results += 1
            body = redis.ask("GET", key)
            if body is not None and not is_json(body):
                problems.append(f"{key} is no JSON; fix: delete it, the client submits again")
    except OSError as error:
        return [f"{setting('REDIS_URL').rsplit('@')[-1]} does not answer: {error}; fix: cad doctor"], ""
    return problems, f"{jobs} jobs and {results} results can be read, and each expires"


def of_job(redis: Redis, namespace: str, job: str, state: "bytes | None", seed: "bytes | None"):
    if state is None or not is_json(seed):
        yield "the record is not whole; fix: delete its keys, the client submits again"
    if redis.ask("TTL", f"{namespace}:{{{job}}}:job") == -1:
        yield "the record never expires; fix: redis-cli EXPIRE it"
    if state == b"completed" and not redis.ask("EXISTS", f"{namespace}:{{{job}}}:result"):
        # It may have expired between the two questions.
        if redis.ask("EXISTS", f"{namespace}:{{{job}}}:job"):
            yield "it has completed and its result is gone; fix: look for evictions (cad doctor), submit it again"


def is_json(body: "bytes | None") -> bool:
    try:
        json.loads(body or b"")
    except ValueError:
        return False
    return True


def queues() -> "tuple[list[str], str]":
    """The API counts every queue of the fleet passively; without an API, `cad doctor` asks the broker."""
    try:
        with urllib.request.urlopen(f"{api_url()}/api/v1/queues", timeout=10) as response:
            listed = json.load(response)["queues"]
    except urllib.error.HTTPError as error:
        return [f"the API can't count the queues ({error.code}); fix: restart a worker, which declares them; cad doctor"], ""
    except OSError:
        return by_doctor()
    waiting = sum(queue["high"] + queue["normal"] + queue["low"] for queue in listed)
    dead = sum(queue["dead"] for queue in listed)
    return [], f"the queues of {len(listed)} providers are there; {waiting} jobs wait, {dead} dead letters are kept"


def by_doctor() -> "tuple[list[str], str]":
    cad = program("cad")
    if cad is None:
        return [f"no API answers at {api_url()} and `cad` is not built; fix: make serve"], ""
    done = subprocess.run([cad, "doctor"], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if " broker " in line]
    if lines and lines[0].startswith("ok"):
        return [], lines[0].split("broker", 1)[1].strip()
    return [lines[0] if lines else done.stderr.strip() or "cad doctor says nothing of the broker"], ""


def backup(folder: Path) -> "tuple[list[str], str]":
    try:
        listed = [line.split("  ", 1) for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        return [f"{folder} is no backup: {error}; fix: name a folder that `make backup` has written"], ""
    problems = []
    for digest, name in listed:
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            problems.append(f"{file} is missing or changed; fix: take another backup")
    return problems, f"{len(listed)} files of {folder} match their hashes"


if __name__ == "__main__":
    sys.exit(main())
