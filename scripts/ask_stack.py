#!/usr/bin/env python3
"""Asks the running stack: `health` prints how each process is, `metrics` writes what each process measures.

The processes are those of `make serve` (.run/targets.json), else the API on PORT and a worker on METRICS_PORT.
CAD_URL names an API elsewhere, without workers.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ROOT / ".run/targets.json"
# The runbook's table: /health in 100 ms, /metrics in 200 ms.
EXPECTED_MS = {"/health": 100, "/metrics": 200}


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("what", choices=["health", "metrics"])
    options.add_argument("--into", type=Path, default=ROOT / "reports/metrics", metavar="DIR", help="for metrics: %(default)s")
    arguments = options.parse_args()
    if arguments.what == "health":
        return health()
    return metrics(arguments.into)


def targets() -> "list[tuple[str, str]]":
    """Job and base URL of each process."""
    named = os.environ.get("CAD_URL", "").rstrip("/")
    listed = json.loads(TARGETS.read_text(encoding="utf-8")) if TARGETS.exists() else []
    stack = [(entry["labels"]["job"], f"http://{entry['targets'][0]}") for entry in listed]
    if named and ("api", named) not in stack:
        return [("api", named)]
    if stack:
        return stack
    port, metrics_port = os.environ.get("PORT", "8000"), os.environ.get("METRICS_PORT", "9090")
    return [("api", f"http://127.0.0.1:{port}"), ("worker", f"http://127.0.0.1:{metrics_port}")]


def ask(url: str) -> "tuple[int, str, float]":
    """Status, body and milliseconds; status 0 when nobody answers."""
    start = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            status, body = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read().decode()
    except OSError as error:
        status, body = 0, str(getattr(error, "reason", error))
    return status, body, (time.monotonic() - start) * 1000


def health() -> int:
    is_well = True
    for job, url in targets():
        status, body, _ = ask(f"{url}/ready")
        if status == 0:
            print(f"bad   {job:7} {url} does not answer: {body}\n      {'':7} fix: make restart, then read logs/app.log")
            is_well = False
            continue
        if status != 200:
            is_well = False
            print(f"bad   {job:7} {url} is not ready: {'; '.join(reasons(json.loads(body)))}\n      {'':7} fix: cad doctor")
        _, body, elapsed = ask(f"{url}/health")
        page = json.loads(body)
        late = f", slower than {EXPECTED_MS['/health']} ms" if elapsed > EXPECTED_MS["/health"] else ""
        word = "ok   " if page["status"] == "healthy" else "risk "
        print(f"{word} {job:7} {url} is {page['status']} (/health in {elapsed:.0f} ms{late})")
        for line in findings(page):
            print(f"{'':6}{'':8}{line}")
    return 0 if is_well else 1


def reasons(readiness: dict) -> "list[str]":
    checks = readiness.get("checks") or {key: readiness[key] for key in ("queue", "store")} | readiness.get("models", {})
    bad = {name: check for name, check in checks.items() if check.get("status") == "not_ready" or check.get("is_ok") is False}
    return [f"{name}: {check.get('detail') or check.get('problem')}" for name, check in bad.items()] or [readiness["status"]]


def findings(page: dict) -> "list[str]":
    """What an operator should know: risks, circuits that are not closed, error rates."""
    services = page["services"]
    lines = [f"{name}: {part['detail']}" for name, part in services.items()
             if isinstance(part, dict) and part.get("detail") and (part.get("degraded") or part.get("status") == "not_ready")]
    lines += services.get("store_risks", [])
    lines += [f"circuit {name}: {state}" for name, state in page.get("circuits", {}).items() if state not in (None, "closed")]
    rates = page.get("error_rate_ema") or page.get("runtime", {}).get("error_rate_ema", {})
    lines += [f"error rate of {name}: {rate:.2f}" for name, rate in rates.items() if rate > 0.1]
    return lines


def metrics(into: Path) -> int:
    into.mkdir(parents=True, exist_ok=True)
    failed = False
    for job, url in targets():
        status, body, elapsed = ask(f"{url}/metrics")
        if status != 200:
            failed = True
            why = "METRICS_ENABLED is false" if status == 404 else f"{body or status}: is the stack up? make health-check"
            print(f"metrics of {job} {url} can't be read: {why}", file=sys.stderr)
            continue
        file = into / f"{job}-{url.rsplit(':', 1)[-1]}.prom"
        file.write_text(body, encoding="utf-8")
        samples = sum(1 for line in body.splitlines() if line and not line.startswith("#"))
        print(f"{file}: {samples} samples in {elapsed:.0f} ms")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
