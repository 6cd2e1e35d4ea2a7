"""Measures recognisers on dimension texts cut from real drawings, and how long they take for them."""

import argparse
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from batches import normalise
from classes import fold
from real_crops import load_real_crops
from scanning import HEIGHT, normalise_height

HERE = Path(__file__).resolve().parent
WORD = re.compile("[A-Za-z]{3}")
GENERAL_HEIGHT = 48
# The project pads nothing; shorter pictures leave the general model too few columns.
GENERAL_MIN_WIDTH, GENERAL_COLUMN = 48, 8


class Recogniser:
    """An ONNX model with its characters; class 0 is the blank and the last class the space."""

    def __init__(self, path, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = self.session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.characters = ["", *characters, " "]
        self.input = self.session.get_inputs()[0].name

    def read(self, crop):
        """Gives the text of a colour cut-out."""
        scores = self.session.run(None, {self.input: self.prepare(crop)})[0][0]
        best = scores.argmax(axis=1)
        kept = [current for index, current in enumerate(best) if current and (index == 0 or current != best[index - 1])]
        return "".join(self.characters[index] for index in kept)


class Specialist(Recogniser):
    """The reader of this folder: grey, 32 px high."""

    def prepare(self, crop):
        shrinks = crop.shape[0] > HEIGHT
        grey = normalise_height(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return normalise(grey)[None, None]


class General(Recogniser):
    """PP-OCRv6_rec_small as the project runs it: colour, 48 px high, whole columns."""

    def prepare(self, crop):
        own = max(GENERAL_MIN_WIDTH, crop.shape[1] * GENERAL_HEIGHT / crop.shape[0])
        width = int(np.ceil(own / GENERAL_COLUMN)) * GENERAL_COLUMN
        picture = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), (width, GENERAL_HEIGHT))
        return normalise(picture).transpose(2, 0, 1)[None]


@dataclass
class Reading:
    """What was printed and what was read, both in comparable form."""

    crop: object
    printed: str
    read: str


def comparable(text):
    """Cell borders are spaces in the truth files; spaces at the ends and doubled ones say nothing."""
    return " ".join(fold(text).replace("|", " ").split())


def tight(text):
    return text.replace(" ", "")


def measure(recogniser, crops):
    return [Reading(crop, comparable(crop.text), comparable(recogniser.read(crop.picture))) for crop in crops]


def distance(first, second):
    """Edit distance of two texts."""
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, start=1):
        previous, row[0] = row[0], i
        for j, right in enumerate(second, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


SETS = {
    "all": lambda reading: True,
    "without words": lambda reading: not WORD.search(reading.printed),
    "diameter": lambda reading: "⌀" in reading.printed,
    "deviations": lambda reading: reading.printed[0] in "+-",
    "vertical": lambda reading: reading.crop.rotation in (90, 270),
    "oblique": lambda reading: reading.crop.rotation % 90 != 0,
    "signs besides the diameter": lambda reading: any(sign in reading.printed for sign in "±°⌴↧⌵ⓂⓁ□"),
    "starts with a figure": lambda reading: reading.printed[0] in "0123456789.",
}


def report(name, readings):
    """Prints exact match with and without regard to spaces, character errors and the signs."""
    print(f"{name}")
    for title, belongs in SETS.items():
        chosen = [reading for reading in readings if belongs(reading)]
        if not chosen:
            continue
        exact = sum(reading.read == reading.printed for reading in chosen)
        spaceless = sum(tight(reading.read) == tight(reading.printed) for reading in chosen)
        errors = sum(distance(tight(reading.read), tight(reading.printed)) for reading in chosen)
        length = sum(len(tight(reading.printed)) for reading in chosen)
        count = len(chosen)
        print(
            f"  {title:28} {exact:4}/{count} exact {exact / count:6.1%}   {spaceless:4}/{count} without spaces "
            f"{spaceless / count:6.1%}   character errors {errors / length:6.2%}"
        )
    for sign in "⌀±°↧⌴Ⓜ":
        printed = [reading for reading in readings if sign in reading.printed]
        if printed:
            right = sum(reading.read.count(sign) == reading.printed.count(sign) for reading in printed)
            invented = sum(sign in reading.read and sign not in reading.printed for reading in readings)
            print(f"  sign {sign}: {right}/{len(printed)} found, {invented} invented")


def mistakes(readings):
    wrong = defaultdict(list)
    for reading in readings:
        if tight(reading.read) != tight(reading.printed):
            wrong[reading.crop.drawing].append(f"{reading.printed} -> {reading.read}")
    for drawing, lines in wrong.items():
        print(f"  {drawing}: {'; '.join(lines)}")


def milliseconds_per_crop(recogniser, crops):
    """Processor time in the fastest of three rounds, since other programs may run."""
    rounds = []
    for _ in range(3):
        started = time.process_time()
        for crop in crops:
            recogniser.read(crop.picture)
        rounds.append((time.process_time() - started) / len(crops) * 1000)
    return min(rounds)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("drawings", nargs="?", default=HERE / "../../tests/drawings", type=Path)
    arguments.add_argument("--model", default=HERE / "dimension_text.onnx", type=Path)
    arguments.add_argument("--general", default=HERE / "../../models/PP-OCRv6_rec_small.onnx", type=Path)
    arguments.add_argument("--margin", type=float, default=0.12, help="share of the text height around the text")
    arguments.add_argument("--mistakes", action="store_true")
    arguments.add_argument("--time", action="store_true")
    options = arguments.parse_args()
    cv2.setNumThreads(1)
    crops = load_real_crops(options.drawings, options.margin)
    readers = {"dimension_text": Specialist(options.model)}
    if options.general.exists():
        readers["PP-OCRv6_rec_small"] = General(options.general)
    for name, reader in readers.items():
        readings = measure(reader, crops)
        report(name, readings)
        if options.mistakes:
            mistakes(readings)
        if options.time:
            print(f"  {milliseconds_per_crop(reader, crops):.2f} ms per crop on one thread")


if __name__ == "__main__":
    main()
