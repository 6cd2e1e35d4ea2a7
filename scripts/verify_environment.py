#!/usr/bin/env python3
"""Checks the configuration as a whole: names, contradictions, this machine, and what the running API was started with.

Values, broker, store and models are checked by `cad doctor`, which this runs first. Exit code 1 when something is bad.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

from ops_common import ROOT, api_url, known_settings, load_env_file, program, setting

# Read by the make targets and scripts, not by the programs.
OF_SCRIPTS = {"BIN_DIR", "WORKER_PROCESSES", "CAD_URL", "RABBITMQ_USER", "RABBITMQ_PASSWORD", "GRAFANA_PASSWORD",
              "RABBITMQ_API_PASSWORD", "RABBITMQ_WORKER_PASSWORD", "RABBITMQ_MONITOR_PASSWORD", "WORKER_REPLICAS",
              "COMPOSE_AMQP_URL", "COMPOSE_PROFILES", "READY_SECONDS"}
# An app.log of a busy week; below it, logs and the store's file soon stop growing.
LOW_DISK_BYTES = 2 * 1024**3


def main() -> int:
    of_file = load_env_file()
    bad = not doctor()
    findings = [*unknown_names(of_file), *contradictions(), *machine(), *running()]
    for word, place, text in findings:
        print(f"{word:5} {place:9} {text}")
    bad |= any(word == "bad" for word, _, _ in findings)
    print("environment: not usable as it is" if bad else "environment: usable")
    return 1 if bad else 0


def doctor() -> bool:
    cad = program("cad")
    if cad is None:
        print("bad   programs  `cad` is not built\n                fix: make install, or set BIN_DIR")
        return False
    return subprocess.run([cad, "doctor"], cwd=ROOT, check=False).returncode == 0


def unknown_names(of_file: "dict[str, str]"):
    """A misspelt name in .env would be a setting that does nothing."""
    for name in of_file:
        if name not in known_settings() and name not in OF_SCRIPTS:
            near = [known for known in known_settings() if sorted(known)[:6] == sorted(name)[:6] or known[:6] == name[:6]]
            hint = f"; did you mean {', '.join(near[:3])}?" if near else ""
            yield "bad", ".env", f"{name} is no setting{hint}"
    path = ROOT / ".env"
    if path.exists() and path.stat().st_mode & 0o077:
        yield "risk", ".env", "others may read it, and it may hold passwords: chmod 600 .env"


def number(name: str) -> "float | None":
    try:
        return float(setting(name))
    except ValueError:
        return None


def contradictions():
    """Values that are valid alone and do harm together. What doesn't parse is the doctor's."""
    grace, timeout = number("SHUTDOWN_GRACE_MS"), number("OCR_TIMEOUT_MS")
    if grace is not None and timeout is not None and grace < timeout:
        yield "risk", "settings", (f"SHUTDOWN_GRACE_MS ({grace:.0f}) is below OCR_TIMEOUT_MS ({timeout:.0f}): a restart hands long "
                                   "jobs back, and another worker reads them from the beginning")
    qps, burst = number("RATE_LIMIT_QPS"), number("RATE_LIMIT_BURST")
    if qps and burst is not None and burst < qps:
        yield "risk", "settings", f"RATE_LIMIT_BURST ({burst:.0f}) is below RATE_LIMIT_QPS ({qps:.0f}): nobody reaches the rate"
    recovery, threshold = number("CIRCUIT_RECOVERY_TIMEOUT"), number("CIRCUIT_FAILURE_THRESHOLD")
    if recovery is not None and threshold == 1 and recovery >= 60:
        yield "risk", "settings", "CIRCUIT_FAILURE_THRESHOLD is 1: one slow drawing stops a worker for a minute"
    if not setting("API_KEYS_FILE") and setting("HOST") == "0.0.0.0":
        yield "note", "settings", "API_KEYS_FILE is not set: whoever reaches the port may submit drawings"


def machine():
    slots = number("WORKER_CONCURRENCY") or number("WORKERS")
    limit = number("WORKER_SLOT_MAX_RSS_MB")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2
    if slots and limit and slots * limit > memory:
        yield "risk", "memory", (f"{slots:.0f} slots may use {limit:.0f} MiB each, this machine has {memory:.0f} MiB: "
                                 "lower WORKERS or WORKER_SLOT_MAX_RSS_MB")
    cores = len(os.sched_getaffinity(0))
    if slots and slots > cores:
        yield "note", "cpu", f"{slots:.0f} slots share {cores} cores: each drawing takes longer, the rate stays"
    free = shutil.disk_usage(ROOT).free
    if free < LOW_DISK_BYTES:
        yield "bad", "disk", f"{free / 1024**3:.1f} GiB are free, logs and the store need {LOW_DISK_BYTES / 1024**3:.0f}"


def running():
    """Settings of the running API against those of now: a changed variable needs a restart."""
    try:
        with urllib.request.urlopen(f"{api_url()}/health", timeout=5) as response:
            shown = json.load(response)["config"]["environment"]
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        yield "note", "running", f"no API answers at {api_url()}, so nothing could be compared with it"
        return
    hidden = ("***", "//***@")
    differing = [name for name, value in shown.items()
                 if name in os.environ and os.environ[name].strip() not in ("", value) and not any(mark in value for mark in hidden)]
    for name in differing:
        yield "risk", "running", f"{name} is {shown[name]} in the running API and {os.environ[name]} here: make restart"
    if not differing:
        yield "ok", "running", f"the API at {api_url()} was started with these settings"


if __name__ == "__main__":
    sys.exit(main())
