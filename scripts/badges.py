#!/usr/bin/env python3
"""Draws reports/badges/*.svg from the newest measurement in reports/eval_history.jsonl; review THRESHOLDS monthly."""

import sys
from html import escape

from ops_common import ROOT
from snapshot_baseline import HISTORY, figure_of, newest_measurement

BADGES = ROOT / "reports/badges"
# File, label, figure, shown as; green from the first threshold, yellow from the second, red below.
THRESHOLDS = [
    ("text", "text found", "text_recall", 0.95, 0.90),
    ("dimensions", "dimensions F1", "dimensions.f1", 0.95, 0.90),
    ("tolerances", "tolerances right", "tolerance_accuracy", 0.95, 0.90),
    ("gdt", "GD&T F1", "gdt.f1", 0.75, 0.60),
    ("title_block", "title block", "title_block_accuracy", 0.95, 0.90),
]


def main() -> int:
    newest = newest_measurement()
    if newest is None:
        print(f"badges: {HISTORY} holds no measurement; run `make eval-phase6` first", file=sys.stderr)
        return 1
    BADGES.mkdir(parents=True, exist_ok=True)
    badges = [("version", "version", newest["version"], "#3670a0")]
    for file, label, figure, green, yellow in THRESHOLDS:
        value = figure_of(newest, figure)
        if value is not None:
            colour = "#2e8b57" if value >= green else "#b8860b" if value >= yellow else "#b22222"
            badges.append((file, label, f"{value:.3f}", colour))
    for file, label, text, colour in badges:
        path = BADGES / f"{file}.svg"
        path.write_text(drawn(label, text, colour), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {label} {text}")
    return 0


def drawn(label: str, text: str, colour: str) -> str:
    # Seven pixels a character of 11 px Verdana, and five on either side.
    left, right = len(label) * 7 + 10, len(text) * 7 + 10
    label, text = escape(label), escape(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{label}: {text}">\n'
        f'  <rect width="{left}" height="20" fill="#555"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/>\n'
        f'  <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\n'
        f'    <text x="{left / 2}" y="14">{label}</text><text x="{left + right / 2}" y="14">{text}</text>\n'
        f"  </g>\n</svg>\n"
    )


if __name__ == "__main__":
    sys.exit(main())
