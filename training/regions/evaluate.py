"""Measures the detector on labelled real drawings and on drawn sheets: average precision at IoU 0.5."""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from classes import KINDS, MEASURED
from detect import Regions, overlap
from generator import draw_sheet

HERE = Path(__file__).resolve().parent
PICTURES = (".png", ".jpg")
# Seeds that training never reaches.
HELD_OUT_SEED = 900_000_000


def real_sheets(folders):
    """Every `NAME.regions.json` with its picture: beside it, or in a folder given besides."""
    for folder in folders:
        for label in sorted(folder.glob("*.regions.json")):
            name = label.name.removesuffix(".regions.json")
            places = [place / f"{name}{ending}" for place in folders for ending in PICTURES]
            picture = next((place for place in places if place.exists()), None)
            if picture is None:
                continue
            truth = [(r["kind"], boxed(r["bbox"])) for r in json.loads(label.read_text())["regions"] if r["kind"] in KINDS]
            yield name, cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE), truth


def boxed(bbox):
    x, y, width, height = bbox
    return (x, y, x + width, y + height)


def drawn_sheets(fonts, count):
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + count):
        picture, regions = draw_sheet(seed, fonts)
        yield str(seed), picture, [(r["kind"], r["box"]) for r in regions if r["kind"] in KINDS]


def average_precision(kind, results, least=0.5):
    """Area under the interpolated precision-recall curve; None without truth."""
    guesses, total = [], 0
    for sheet, (found, truth) in enumerate(results):
        total += sum(truth_kind == kind for truth_kind, _ in truth)
        guesses += [(score, sheet, box) for found_kind, score, *box in found if found_kind == kind]
    if not total:
        return None
    taken, hits = set(), []
    for _, sheet, box in sorted(guesses, key=lambda guess: -guess[0]):
        rivals = [(overlap(box, other), index) for index, (truth_kind, other) in enumerate(results[sheet][1]) if truth_kind == kind and (sheet, index) not in taken]
        best, index = max(rivals, default=(0.0, None))
        hits.append(best >= least)
        if best >= least:
            taken.add((sheet, index))
    right = np.cumsum(hits)
    precision = right / np.arange(1, len(hits) + 1)
    recall = right / total
    envelope = np.maximum.accumulate(precision[::-1])[::-1] if len(hits) else np.zeros(0)
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * envelope))


def counts(kind, results, threshold):
    """Truth, found rightly and invented at a score threshold."""
    total = right = invented = 0
    for found, truth in results:
        left = [box for truth_kind, box in truth if truth_kind == kind]
        total += len(left)
        for found_kind, score, *box in found:
            if found_kind != kind or score < threshold:
                continue
            match = max(left, key=lambda other: overlap(box, other), default=None)
            if match is not None and overlap(box, match) >= 0.5:
                left.remove(match)
                right += 1
            else:
                invented += 1
    return total, right, invented


def report(title, results, threshold):
    print(title)
    values = {}
    for kind in KINDS:
        values[kind] = average_precision(kind, results)
        if values[kind] is not None:
            total, right, invented = counts(kind, results, threshold)
            print(f"  {kind:12} AP {values[kind]:.3f}   at {threshold}: {right}/{total} found, {invented} invented")
    measured = [values[kind] for kind in MEASURED if values[kind] is not None]
    print(f"  mean over {', '.join(MEASURED)}: {np.mean(measured):.3f}")


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
    detector = Regions(options.model)
    results, times = [], []
    reference = {}
    for name, picture, truth in real_sheets(options.folders):
        started = time.process_time()
        found = detector.find(picture)
        times.append(time.process_time() - started)
        results.append((found, truth))
        if options.overlays:
            overlay(options.overlays / f"{name}.png", picture, found, options.threshold)
        reference[name] = found
    report(f"{len(results)} real sheets, {min(times) * 1000:.0f} to {max(times) * 1000:.0f} ms of processor time each", results, options.threshold)
    if options.fonts:
        drawn = [(detector.find(picture), truth) for _, picture, truth in drawn_sheets(options.fonts, options.drawn)]
        report(f"{len(drawn)} drawn sheets", drawn, options.threshold)
    if options.reference:
        write_reference(options.reference, reference)


COLOURS = {"frame": (0, 0, 255), "title_block": (255, 0, 0), "view": (0, 160, 0), "table": (255, 0, 255), "notes": (0, 140, 255), "logo": (160, 160, 0)}


def overlay(path, picture, found, threshold):
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    width = max(2, max(picture.shape) // 700)
    for kind, score, *box in found:
        if score >= threshold:
            x0, y0, x1, y1 = map(int, box)
            cv2.rectangle(colour, (x0, y0), (x1, y1), COLOURS[kind], width)
            cv2.putText(colour, f"{kind[:5]} {score:.2f}", (x0, y0 - width), cv2.FONT_HERSHEY_SIMPLEX, width / 4, COLOURS[kind], width)
    cv2.imwrite(str(path), colour)


def write_reference(path, found_by_name):
    """What another program that runs this model must find, within a pixel or so."""
    sheets = {}
    for name in ("asme_spacer_plate", "oamr_motor_bracket"):
        sheets[f"{name}.png"] = [{"kind": kind, "score": round(score, 4), "bbox": [round(x0, 1), round(y0, 1), round(x1 - x0, 1), round(y1 - y0, 1)]} for kind, score, x0, y0, x1, y1 in found_by_name[name] if score >= 0.2]
    path.write_text(json.dumps({"v": 1, "least_score": 0.2, "sheets": sheets}, indent=1) + "\n")


if __name__ == "__main__":
    main()
