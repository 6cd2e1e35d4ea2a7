#!/usr/bin/env python3
"""Checks that dashboards and alert rules ask for metrics that exist, and that each alert is complete and tested.

Metric names come from common/src/metrics, recording rules from deploy/prometheus/rules, and the few of other
programs from OTHERS below. With promtool there, the dashboards' expressions are parsed, too.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "target/tools/python"))
PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARDS = ROOT / "deploy/grafana/dashboards"
RUNBOOK = ROOT / "docs/runbook.md"
RUNBOOK_URL = "https://github.com/org/cad-ml-platform/blob/main/docs/runbook.md"

# What RabbitMQ 3.10 to 4 (rabbitmq_prometheus), redis_exporter 1.45 and Prometheus itself call what we read of them.
OTHERS = set(
    """up ALERTS
    rabbitmq_detailed_queue_messages rabbitmq_detailed_queue_messages_ready rabbitmq_detailed_queue_messages_unacked
    rabbitmq_detailed_queue_consumers rabbitmq_alarms_memory_used_watermark rabbitmq_alarms_free_disk_space_watermark
    rabbitmq_process_resident_memory_bytes rabbitmq_resident_memory_limit_bytes
    rabbitmq_disk_space_available_bytes rabbitmq_disk_space_available_limit_bytes
    redis_up redis_instance_info redis_evicted_keys_total redis_aof_enabled redis_aof_last_write_status
    redis_memory_used_bytes redis_memory_max_bytes redis_keyspace_hits_total redis_keyspace_misses_total""".split()
)
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"}


def main() -> int:
    try:
        import yaml
    except ImportError:
        print("PyYAML is not there, dashboards and rules were not checked: make tools")
        return 0
    rules = read_rules(yaml)
    known = own_metrics() | OTHERS | {rule["record"] for rule in rules if "record" in rule}
    expressions = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules]
    dashboards = read_dashboards()
    expressions += dashboards
    problems = []
    for place, expression in expressions:
        problems += [f"{place}: no metric is named {name}" for name in unknown_metrics(expression, known)]
    problems += incomplete_alerts([rule for rule in rules if "alert" in rule])
    problems += untested_alerts(yaml, [rule["alert"] for rule in rules if "alert" in rule])
    problems += syntax_errors(dashboards)
    for problem in problems:
        print(f"check_dashboards: {problem}", file=sys.stderr)
    if not problems:
        files = len(list(DASHBOARDS.glob("*.json")))
        print(f"dashboards: {files} with {len(dashboards)} expressions ask for metrics that exist")
    return 1 if problems else 0


def own_metrics() -> "set[str]":
    """Names as they are exposed: a histogram has three."""
    catalogue = (ROOT / "common/src/metrics/catalogue.rs").read_text(encoding="utf-8")
    process = (ROOT / "common/src/metrics/process.rs").read_text(encoding="utf-8")
    names = set(re.findall(r'\b(?:counter|gauge)\(\s*"(\w+)"', catalogue))
    for name in re.findall(r'\bhistogram\(\s*"(\w+)"', catalogue):
        names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    names |= set(re.findall(r'append\(\s*&mut text,\s*"(\w+)"', process))
    if len(names) < 20:
        sys.exit("check_dashboards: common/src/metrics is written in another way now, mend own_metrics() in this script")
    return names


def read_rules(yaml) -> "list[dict]":
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def read_dashboards() -> "list[tuple[str, str]]":
    found = []
    for file in sorted(DASHBOARDS.glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            if not panel.get("targets"):
                sys.exit(f"check_dashboards: {file.name}: panel {panel['title']} asks for nothing")
            found += [(f"{file.name}: {panel['title']}", target["expr"]) for target in panel["targets"]]
    return found


def unknown_metrics(expression: str, known: "set[str]") -> "list[str]":
    missing = []
    for pattern in re.findall(r'__name__=~"([^"]+)"', expression):
        if not any(re.fullmatch(pattern, name) for name in known):
            missing.append(pattern)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    for match in re.finditer(r"(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(\(?)", bare):
        name, call = match.groups()
        if not call and name not in WORDS and name not in known:
            missing.append(name)
    return missing


def incomplete_alerts(alerts: "list[dict]") -> "list[str]":
    anchors = headings() if RUNBOOK.exists() else None
    problems = []
    for alert in alerts:
        name, annotations = alert["alert"], alert.get("annotations", {})
        if alert.get("labels", {}).get("severity") not in ("P0", "P1", "P2", "P3"):
            problems.append(f"{name}: severity is not P0, P1, P2 or P3")
        problems += [f"{name}: has no {key}" for key in ("summary", "action", "runbook_url") if not annotations.get(key)]
        page, _, anchor = annotations.get("runbook_url", "").partition("#")
        if page != RUNBOOK_URL or (anchors is not None and anchor not in anchors):
            problems.append(f"{name}: docs/runbook.md has no section #{anchor}")
    return problems


def headings() -> "set[str]":
    """Anchors as the repository's web page makes them of headings."""
    text = re.sub(r"^```.*?^```", "", RUNBOOK.read_text(encoding="utf-8"), flags=re.S | re.M)
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def untested_alerts(yaml, alerts: "list[str]") -> "list[str]":
    """An alert counts as tested when some case expects it to fire; silence is expected at every other case."""
    fired = set()
    for file in (PROMETHEUS / "tests").glob("*.yml"):
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for case in test.get("promql_expr_test", []):
                if case.get("exp_samples"):
                    fired |= set(re.findall(r'alertname="(\w+)"', case["expr"] + str(case["exp_samples"])))
    return [f"{alert}: no test in deploy/prometheus/tests expects it to fire" for alert in alerts if alert not in fired]


def syntax_errors(dashboards: "list[tuple[str, str]]") -> "list[str]":
    promtool = ROOT / "target/tools/promtool"
    if not promtool.exists():
        return []
    rules = [{"record": f"panel_{number}", "expr": expression} for number, (_, expression) in enumerate(dashboards)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        # JSON is YAML, too.
        json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [f"an expression does not parse: {(done.stdout + done.stderr).strip()}"]


if __name__ == "__main__":
    sys.exit(main())
