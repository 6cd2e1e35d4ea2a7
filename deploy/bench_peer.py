#!/usr/bin/env python3
"""Reads drawings with this project and with rapidocr in turn, on the same models, and compares them.

Run it with a Python that has rapidocr and onnxruntime (scripts/bench_peer.sh makes one):

    bench_peer.py --cad target/release/cad --drawings ../shared/drawings

Both run as their own process, one thread each, with their defaults otherwise; every drawing is read by one and
then by the other, so that a busy machine is busy for both. What a process costs before it reads (imports, models)
is measured on a picture of one word and taken off: a worker pays it once, not per drawing.

A printed text counts as found when lines that were read cover half of its box. For characters, printed texts and
read lines that overlap are taken together, so that it does not matter whether two words were read as one line
or as two; what is missed counts as wrong in full.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

# Signs that look the same in print, each group written as its first.
ALIKE = ["⌀ØøΦφ∅", "×xX", "-–—−‐", "°º˚", "'’′", '"”″', "±", "μµ"]
SAME = {sign: group[0] for group in ALIKE for sign in group}


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--cad", help="the program whose `extract FILE --json` prints {\"result\": ...}")
    options.add_argument("--drawings", type=Path, help="folder of pictures with ground truth beside them")
    options.add_argument("--rounds", type=int, default=1, help="how often each drawing is read; the median counts")
    options.add_argument("--only", default="", help="read only drawings whose name contains this")
    options.add_argument("--json", type=Path, help="write all figures and lines to this file")
    options.add_argument("--peer-child", metavar="FILE", nargs="+", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.peer_child:
        return read_as_peer(chosen.peer_child)
    if not chosen.cad or not chosen.drawings:
        options.error("--cad and --drawings are needed")
    readers = {
        "ours": [chosen.cad, "extract", "--json"],
        "peer": [sys.executable, str(Path(__file__).resolve()), "--peer-child"],
    }
    return compare(readers, truths(chosen.drawings, chosen.only), chosen)


def read_as_peer(pictures: list) -> int:
    """Prints rapidocr's lines in the form of this project's answer, one line for each picture."""
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    reader = RapidOCR(params={**threads, "Global.log_level": "error"})
    for picture in pictures:
        found = reader(picture)
        lines = []
        if found.txts is not None:
            lines = [{"text": text, "polygon": box.tolist()} for text, box in zip(found.txts, found.boxes)]
        print(json.dumps({"result": {"pages": [{"text_lines": lines}]}}))
    return 0


def truths(folder: Path, only: str) -> list:
    found = []
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        if only in path.stem and "texts" in truth:
            truth["picture"] = str(folder / truth["image"])
            truth["name"] = path.stem
            found.append(truth)
    if not found:
        raise SystemExit(f"bench_peer: no ground truth (*.json) in {folder}")
    return found


def compare(readers: dict, drawings: list, chosen: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        word = one_word(Path(scratch) / "word.png")
        start = {who: statistics.median(run(command, [word])["cpu_s"] for _ in range(3)) for who, command in readers.items()}
        table = read_all(readers, drawings, word, start, chosen.rounds)
    summarise(table, readers, start)
    if chosen.json:
        chosen.json.write_text(json.dumps(table, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def read_all(readers: dict, drawings: list, word: str, start: dict, rounds: int) -> list:
    table = []
    print(f"{'drawing':26}{'texts':>6}  {'found':^15}  {'characters':^15}  {'cpu s':^15}  {'wall s':^15}")
    print(f"{'':32}" + "  {:>7} {:>7}".format(*readers) * 4)
    for truth in drawings:
        row = {"name": truth["name"], "texts": len(truth["texts"])}
        runs = {who: [] for who in readers}
        for _ in range(rounds):
            for who, command in readers.items():
                runs[who].append(run(command, [word, truth["picture"]]))
        for who in readers:
            row[who] = score(truth["texts"], runs[who][0]["lines"])
            row[who]["cpu_s"] = max(statistics.median(one["cpu_s"] for one in runs[who]) - start[who], 0.001)
            row[who]["wall_s"] = statistics.median(one["wall_s"] for one in runs[who])
            row[who]["peak_mb"] = max(one["peak_mb"] for one in runs[who])
            row[who]["lines"] = runs[who][0]["lines"]
        table.append(row)
        print_row(row, readers)
    return table


def one_word(path: Path) -> str:
    import cv2
    import numpy

    picture = numpy.full((200, 400, 3), 255, numpy.uint8)
    cv2.putText(picture, "START 12", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    cv2.imwrite(str(path), picture)
    return str(path)


def run(command: list, pictures: list) -> dict:
    """Runs one reader and gives the last picture's lines with what the process used."""
    began = time.monotonic()
    child = subprocess.Popen(command + pictures, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    output = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"bench_peer: {' '.join(command + pictures)} ended with {child.returncode}")
    answer = json.loads(output.strip().splitlines()[-1])
    return {
        "lines": [line for page in answer["result"]["pages"] for line in page["text_lines"]],
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.monotonic() - began,
        "peak_mb": used.ru_maxrss / 1024,
    }


def score(texts: list, lines: list) -> dict:
    boxes = [bounds(line["polygon"]) for line in lines]
    found = 0
    links = []
    for index, text in enumerate(texts):
        left, top, width, height = text["bbox"]
        box = (left, top, left + width, top + height)
        covered = 0.0
        for number, other in enumerate(boxes):
            shared = overlap(box, other)
            covered += shared / max(area(box), 1)
            if shared > 0.5 * min(area(box), area(other)):
                links.append((index, number))
        found += covered >= 0.5
    wrong = sum(errors_of_group(texts, lines, boxes, group) for group in groups(len(texts), links))
    length = sum(len(plain(text["text"])) for text in texts)
    return {"found": found, "wrong": wrong, "length": length}


def groups(count: int, links: list) -> list:
    """Printed texts with the read lines that overlap them, joined where they share one."""
    joined = [({index}, set()) for index in range(count)]
    for index, number in links:
        touching = [group for group in joined if index in group[0] or number in group[1]]
        joined = [group for group in joined if group not in touching]
        texts = set().union({index}, *(group[0] for group in touching))
        lines = set().union({number}, *(group[1] for group in touching))
        joined.append((texts, lines))
    return joined


def errors_of_group(texts: list, lines: list, boxes: list, group: tuple) -> int:
    members = [texts[index] for index in group[0]]
    is_upright = sum(60 < text.get("rotation", 0) < 120 for text in members) * 2 > len(members)
    heights = [min(text["bbox"][2:]) for text in members]
    band = max(statistics.median(heights) * 0.7, 1)
    printed = [(text["bbox"][0], text["bbox"][1], text["bbox"][3], text["bbox"][2], text["text"]) for text in members]
    read = []
    for number in group[1]:
        left, top, right, bottom = boxes[number]
        read.append((left, top, bottom - top, right - left, lines[number]["text"]))
    expected, given = in_order(printed, is_upright, band), in_order(read, is_upright, band)
    return min(edits(expected, given), len(expected))


def in_order(items: list, is_upright: bool, band: float) -> str:
    def key(item):
        left, top, height, width, _ = item
        if is_upright:
            return (round((left + width / 2) / band), -(top + height))
        return (round((top + height / 2) / band), left)

    return "".join(plain(item[4]) for item in sorted(items, key=key))


def plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", "".join(SAME.get(sign, sign) for sign in text))
    return "".join(SAME.get(sign, sign) for sign in folded if not sign.isspace())


def edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def bounds(polygon: list) -> tuple:
    xs, ys = [point[0] for point in polygon], [point[1] for point in polygon]
    return (min(xs), min(ys), max(xs), max(ys))


def area(box: tuple) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap(a: tuple, b: tuple) -> float:
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def print_row(row: dict, readers: dict) -> None:
    cells = [row[who]["found"] / row["texts"] for who in readers]
    cells += [1 - row[who]["wrong"] / row[who]["length"] for who in readers]
    shares = "".join(f"  {a:7.3f} {b:7.3f}" for a, b in zip(cells[::2], cells[1::2]))
    times = "".join("  {:7.2f} {:7.2f}".format(*(row[who][key] for who in readers)) for key in ("cpu_s", "wall_s"))
    print(f"{row['name']:26}{row['texts']:6}{shares}{times}", flush=True)


def summarise(table: list, readers: dict, start: dict) -> None:
    def total(who, key):
        return sum(row[who][key] for row in table)

    texts = sum(row["texts"] for row in table)
    print(f"\n{'':28}{'ours':>9}{'peer':>9}{'ratio':>8}")
    for label, value in (
        ("text found", lambda who: total(who, "found") / texts),
        ("characters right", lambda who: 1 - total(who, "wrong") / total(who, "length")),
        ("cpu s per drawing", lambda who: total(who, "cpu_s") / len(table)),
        ("wall s, with start-up", lambda who: total(who, "wall_s") / len(table)),
        ("cpu s of the start-up", lambda who: start[who]),
        ("peak memory, MB", lambda who: max(row[who]["peak_mb"] for row in table)),
    ):
        ours, peer = (value(who) for who in readers)
        print(f"{label:28}{ours:9.3f}{peer:9.3f}{ours / max(peer, 1e-9):8.2f}")


if __name__ == "__main__":
    sys.exit(main())
