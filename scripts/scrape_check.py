#!/usr/bin/env python3
"""Lets a real Prometheus scrape the running stack of `make serve` and evaluate every rule on what it finds.

Fails when a process can't be scraped, a rule can't be evaluated, or a healthy stack raises an alert about itself.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ops_common import ROOT

LIMIT_SECONDS = 60
# The local stack has no exporters beside broker and store, so nothing is said about these.
OF_OTHERS = ("BrokerDown", "StoreDown")


def main() -> int:
    program = next((path for path in (ROOT / "target/tools/prometheus", shutil.which("prometheus")) if path and Path(path).exists()), None)
    listed = ROOT / ".run/targets.json"
    if program is None or not listed.exists():
        missing = "prometheus is not there: make tools" if program is None else "no stack runs here: make serve"
        print(f"scrape_check: {missing}", file=sys.stderr)
        return 1
    wanted = {entry["targets"][0] for entry in json.loads(listed.read_text(encoding="utf-8"))}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "--config.file", ROOT / "deploy/prometheus/local.yml", "--storage.tsdb.path", folder, "--web.listen-address", address],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            return check(f"http://{address}/api/v1", wanted)
        except (TimeoutError, urllib.error.URLError) as error:
            process.terminate()
            print(f"scrape_check: {error}\n{process.communicate()[1][-2000:]}", file=sys.stderr)
            return 1
        finally:
            process.terminate()
            process.wait()


def check(api: str, wanted: "set[str]") -> int:
    targets = until(lambda: found if (found := up(api)) == wanted else None, "every process is scraped", lambda: f"{up(api)} of {wanted}")
    # Twice, so that rates have two samples and rules have seen them.
    until(lambda: count(api, "count_over_time(up[5m])") >= 4, "four scrapes", lambda: "fewer")
    rules = [rule for group in ask(api, "rules")["groups"] for rule in group["rules"]]
    broken = [f"{rule['name']}: {rule.get('lastError')}" for rule in rules if rule["health"] != "ok"]
    alerts = [rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] != "inactive" and rule["name"] not in OF_OTHERS]
    for problem in broken + [f"{name} is raised by a healthy stack" for name in alerts]:
        print(f"scrape_check: {problem}", file=sys.stderr)
    if broken or alerts:
        return 1
    series = count(api, 'count({job=~"api|worker"})')
    print(f"scrape: Prometheus scrapes {len(targets)} processes, {series:.0f} series; {len(rules)} rules evaluate on them, none alerts")
    return 0


def ask(api: str, path: str) -> dict:
    with urllib.request.urlopen(f"{api}/{path}", timeout=5) as response:
        return json.load(response)["data"]


def up(api: str) -> "set[str]":
    return {target["labels"]["instance"] for target in ask(api, "targets")["activeTargets"] if target["health"] == "up"}


def count(api: str, expression: str) -> float:
    result = ask(api, f"query?query={urllib.parse.quote(expression)}")["result"]
    return min((float(sample["value"][1]) for sample in result), default=0)


def until(done, what: str, seen):
    end = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < end:
        try:
            if found := done():
                return found
        except urllib.error.URLError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"not within {LIMIT_SECONDS} s: {what}; seen: {seen()}")


if __name__ == "__main__":
    sys.exit(main())
