#!/usr/bin/env python3
"""Keeps the newest measurement of `make eval-phase6` as a baseline, or compares the newest one with the newest baseline.

Baselines lie in docs/baselines/, one file a snapshot, and are meant to be committed. With --compare the exit code is 1
when a figure has become worse by more than TOLERANCE; where there is no baseline yet, it keeps the first.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

from ops_common import ROOT

HISTORY = ROOT / "reports/eval_history.jsonl"
BASELINES = ROOT / "docs/baselines"
# Half a point: the reading itself is deterministic, other processors round models a little differently.
TOLERANCE = 0.005
# Figure, and whether more of it is better.
FIGURES = {"text_recall": True, "character_error_rate": False, "dimensions.precision": True, "dimensions.recall": True,
           "dimensions.f1": True, "dimensions_strict_f1": True, "tolerance_accuracy": True, "roughness.f1": True,
           "gdt.f1": True, "title_block_accuracy": True, "brier": False}


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--compare", action="store_true", help="compares instead of keeping")
    options.add_argument("--name", help="name of the snapshot; default: the year and quarter of the measurement")
    arguments = options.parse_args()
    newest = newest_measurement()
    if newest is None:
        print(f"snapshot_baseline: {HISTORY} holds no measurement; run `make eval-phase6` first", file=sys.stderr)
        return 1
    return compare(newest) if arguments.compare else keep(newest, arguments.name)


def newest_measurement() -> "dict | None":
    lines = HISTORY.read_text(encoding="utf-8").splitlines() if HISTORY.exists() else []
    return json.loads(lines[-1]) if lines else None


def keep(newest: dict, name: "str | None") -> int:
    year, month = newest["at"][:4], int(newest["at"][5:7])
    path = BASELINES / f"{name or f'{year}-Q{(month + 2) // 3}'}.json"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    BASELINES.mkdir(parents=True, exist_ok=True)
    snapshot = {**newest, "commit": commit.stdout.strip(), "machine": platform.machine()}
    path.write_text(json.dumps(snapshot, indent=2) + "\n", encoding="utf-8")
    print(f"kept the measurement of {newest['at'][:16]} as {path.relative_to(ROOT)}; commit it")
    return 0


def compare(newest: dict) -> int:
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in BASELINES.glob("*.json")]
    if not kept:
        print("no baseline was kept before, so this is the first")
        return keep(newest, None)
    baseline = max(kept, key=lambda snapshot: snapshot["at"])
    print(f"{'figure':24}{'baseline':>10}{'now':>10}{'change':>10}   (baseline of {baseline['at'][:10]}, version {baseline['version']})")
    worse = []
    for figure, more_is_better in FIGURES.items():
        before, now = figure_of(baseline, figure), figure_of(newest, figure)
        if before is None or now is None:
            continue
        change = now - before
        is_worse = (-change if more_is_better else change) > TOLERANCE
        worse += [figure] if is_worse else []
        print(f"{figure:24}{before:10.3f}{now:10.3f}{change:+10.3f}{'   worse' if is_worse else ''}")
    print(f"worse than the baseline: {', '.join(worse)}" if worse else "nothing is worse than the baseline")
    return 1 if worse else 0


def figure_of(measurement: dict, figure: str) -> "float | None":
    value = measurement["total"]
    for part in figure.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


if __name__ == "__main__":
    sys.exit(main())
