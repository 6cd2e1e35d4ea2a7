"""Measures a detector on labelled real drawings and on drawn sheets: average precision at IoU 0.5."""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from classes import MEASURED
from detect import Finder, overlap
from sheets import drawn_sheets, real_sheets

HERE = Path(__file__).resolve().parent
# Two sheets whose answers another program that runs the model can compare itself with.
REFERENCE_SHEETS, REFERENCE_SCORE = ("asme_spacer_plate", "oamr_motor_bracket"), 0.2


def average_precision(kind, results, least=0.5):
    """Area under the precision-recall curve, precision made falling; None where there is no truth."""
    total = sum(region.kind == kind for _, truth in results for region in truth)
    if not total:
        return None
    guesses = [(region.score, sheet, region.box) for sheet, (found, _) in enumerate(results) for region in found if region.kind == kind]
    taken, hits = set(), []
    for _, sheet, box in sorted(guesses, key=lambda guess: -guess[0]):
        rivals = [(overlap(box, region.box), index) for index, region in enumerate(results[sheet][1]) if region.kind == kind and (sheet, index) not in taken]
        best, index = max(rivals, default=(0.0, None))
        hits.append(best >= least)
        if best >= least:
            taken.add((sheet, index))
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], right / total])) * falling))


def matches(kind, results, threshold):
    """Pairs of found and true regions at a score threshold, with the numbers of true and of invented ones."""
    pairs, total, invented = [], 0, 0
    for found, truth in results:
        left = [region for region in truth if region.kind == kind]
        total += len(left)
        for region in found:
            if region.kind != kind or region.score < threshold:
                continue
            best = max(left, key=lambda other: overlap(region.box, other.box), default=None)
            if best is not None and overlap(region.box, best.box) >= 0.5:
                left.remove(best)
                pairs.append((region, best))
            else:
                invented += 1
    return pairs, total, invented


def report(title, results, kinds, threshold):
    print(title)
    values = {}
    for kind in kinds:
        values[kind] = average_precision(kind, results)
        if values[kind] is None:
            continue
        pairs, total, invented = matches(kind, results, threshold)
        print(f"  {kind:22} AP {values[kind]:.3f}   at {threshold}: {len(pairs)} of {total} found, {invented} invented")
        if kind == "view":
            right = sum(region.view == truth.view for region, truth in pairs)
            print(f"  {'kind of view':22} {right} of {len(pairs)} found views right")
    counted = [values[kind] for kind in kinds if values[kind] is not None and (kind in MEASURED or "view" not in kinds)]
    print(f"  mean {np.mean(counted):.3f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="*", default=[HERE / "../../tests/drawings"], type=Path)
    arguments.add_argument("--model", default=HERE / "regions.onnx", type=Path)
    arguments.add_argument("--fonts", type=Path, help="fonts for drawn sheets; without them only real ones are measured")
    arguments.add_argument("--drawn", type=int, default=200)
    arguments.add_argument("--threshold", type=float, default=0.3)
    arguments.add_argument("--overlays", type=Path, help="folder for pictures with boxes")
    arguments.add_argument("--reference", type=Path, help="JSON file for what is found on two sheets")
    options = arguments.parse_args()
    cv2.setNumThreads(1)
    finder = Finder(options.model)
    results, times, reference = [], [], {}
    for name, picture, truth in real_sheets(options.folders):
        started = time.process_time()
        found = finder.find(picture)
        times.append((time.process_time() - started) * 1000)
        results.append((found, truth))
        reference[name] = found
        if options.overlays:
            overlay(options.overlays / f"{name}.png", picture, found, options.threshold)
    report(f"{len(results)} real sheets, {np.median(times):.0f} ms of processor time each", results, finder.kinds, options.threshold)
    if options.fonts:
        drawn = [(finder.find(picture), truth) for _, picture, truth in drawn_sheets(options.fonts, options.drawn)]
        report(f"{len(drawn)} drawn sheets", drawn, finder.kinds, options.threshold)
    if options.reference:
        write_reference(options.reference, reference)


def overlay(path, picture, found, threshold):
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    width = max(2, max(picture.shape) // 700)
    shades = [(0, 0, 255), (255, 0, 0), (0, 160, 0), (255, 0, 255), (0, 140, 255), (160, 160, 0)]
    kinds = sorted({region.kind for region in found})
    for region in found:
        if region.score >= threshold:
            x0, y0, x1, y1 = map(int, region.box)
            shade = shades[kinds.index(region.kind) % len(shades)]
            cv2.rectangle(colour, (x0, y0), (x1, y1), shade, width)
            cv2.putText(colour, f"{region.kind[:5]} {region.view[:4]} {region.score:.2f}", (x0, y0 - width), cv2.FONT_HERSHEY_SIMPLEX, width / 4, shade, width)
    cv2.imwrite(str(path), colour)


def write_reference(path, found_by_name):
    """What another program that runs this model must find, but for rounding and the way of scaling."""
    sheets = {f"{name}.png": [as_json(region) for region in found_by_name[name] if region.score >= REFERENCE_SCORE] for name in REFERENCE_SHEETS}
    path.write_text(json.dumps({"v": 1, "least_score": REFERENCE_SCORE, "sheets": sheets}, indent=1) + "\n")


def as_json(region):
    x0, y0, x1, y1 = region.box
    entry = {"kind": region.kind, "score": round(region.score, 4), "bbox": [round(value, 1) for value in (x0, y0, x1 - x0, y1 - y0)]}
    return {**entry, "view": region.view, "view_share": round(region.view_share, 4)} if region.view else entry


if __name__ == "__main__":
    main()
