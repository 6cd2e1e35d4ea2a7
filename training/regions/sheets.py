"""Sheets with truth to measure on: real ones labelled by eye, and drawn ones that training never saw."""

import json
from dataclasses import dataclass

import cv2

from generator import draw_sheet

PICTURES = (".png", ".jpg")
# Training counts its seeds up from a million times its own seed and never gets here.
HELD_OUT_SEED = 900_000_000


@dataclass
class Truth:
    """A labelled region with its box x0, y0, x1, y1."""

    kind: str
    box: tuple
    view: str = ""


def real_sheets(folders):
    """Gives name, grey picture and truth of every `NAME.regions.json`; the picture lies in any of the folders.

    The boxes of dimension texts come from `NAME.json`, where the project keeps all texts.
    """
    for folder in folders:
        for label in sorted(folder.glob("*.regions.json")):
            name = label.name.removesuffix(".regions.json")
            picture = first_of(folders, name, PICTURES)
            if picture is None:
                continue
            truth = [Truth(region["kind"], boxed(region["bbox"]), region.get("view", "")) for region in json.loads(label.read_text())["regions"]]
            texts = first_of(folders, name, (".json",))
            if texts:
                truth += [Truth("dimension_text", boxed(item["bbox"])) for item in json.loads(texts.read_text())["dimensions"] if "bbox" in item]
            yield name, cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE), truth


def first_of(folders, name, endings):
    places = [folder / f"{name}{ending}" for folder in folders for ending in endings]
    return next((place for place in places if place.exists()), None)


def boxed(bbox):
    x, y, width, height = bbox
    return (x, y, x + width, y + height)


def drawn_sheets(fonts, count):
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + count):
        picture, regions = draw_sheet(seed, fonts)
        yield str(seed), picture, [Truth(region["kind"], region["box"], region.get("view", "")) for region in regions]
