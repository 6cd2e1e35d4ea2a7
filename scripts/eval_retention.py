#!/usr/bin/env python3
"""Prunes reports/eval_history.jsonl: keeps 90 days whole, and of the time before the last measurement of each month."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

from ops_common import ROOT

HISTORY = ROOT / "reports/eval_history.jsonl"
KEPT = timedelta(days=90)


def main() -> int:
    if not HISTORY.exists():
        print(f"{HISTORY.relative_to(ROOT)} does not exist yet, nothing to prune; `make eval-phase6` writes it")
        return 0
    lines = [line for line in HISTORY.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        times = [datetime.fromisoformat(json.loads(line)["at"].split(".")[0].rstrip("Z")).replace(tzinfo=timezone.utc) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        print(f"eval_retention: {HISTORY} has a line that is no measurement ({error}); mend or remove it", file=sys.stderr)
        return 1
    oldest = datetime.now(timezone.utc) - KEPT
    last_of_month = {(time.year, time.month): number for number, time in sorted(enumerate(times), key=lambda pair: pair[1])}
    kept = [line for number, line in enumerate(lines) if times[number] >= oldest or number in last_of_month.values()]
    fresh = HISTORY.with_suffix(".new")
    fresh.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    os.replace(fresh, HISTORY)
    print(f"{HISTORY.relative_to(ROOT)}: kept {len(kept)} measurements, removed {len(lines) - len(kept)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
