"""Cuts dimension texts out of real drawings that have a truth file."""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from classes import fold

LONGEST_TEXT = 24
# Width of a character in heights of the text.
USUAL_ADVANCE = 0.6
SIGN_OR_DIGIT = re.compile(r"[0-9⌀±°□⌴↧⌵⌖⏥⏤⊥∥◎○⌭⌒⌓∠⌯↗⌰⌲ⓂⓁ]")
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


@dataclass
class RealCrop:
    """One text as a detector would cut it, turned so that it reads from left to right."""

    drawing: str
    text: str
    rotation: float
    picture: np.ndarray


def load_real_crops(folder, margin=0.12):
    """Reads every drawing of a folder; the margin is a share of the text height."""
    crops = []
    for truth_path in sorted(Path(folder).glob("*.json")):
        truth = json.loads(truth_path.read_text(encoding="utf-8"))
        if "texts" not in truth:
            continue
        picture = cv2.imread(str(truth_path.with_name(truth["image"])), cv2.IMREAD_COLOR)
        for item in truth["texts"]:
            if is_dimension_like(item["text"]):
                rotation = float(item.get("rotation", 0))
                upright = cut_upright(picture, item, rotation, margin)
                crops.append(RealCrop(truth_path.stem, fold(item["text"]), rotation, upright))
    return crops


def is_dimension_like(text):
    """Holds a figure or a sign, no Chinese, and is no sentence."""
    return len(text) <= LONGEST_TEXT and bool(SIGN_OR_DIGIT.search(text)) and not CHINESE.search(text)


def cut_upright(picture, item, rotation, margin):
    """Turns the text level about the middle of its box and cuts it out."""
    left, top, width, height = item["bbox"]
    length, thickness = size_along_text(width, height, rotation, len(item["text"]))
    pad = margin * thickness
    out_width, out_height = round(length + 2 * pad), round(thickness + 2 * pad)
    turn = math.radians(rotation)
    along = np.array([math.cos(turn), -math.sin(turn)])
    down = np.array([math.sin(turn), math.cos(turn)])
    middle = np.array([left + width / 2, top + height / 2])
    corner = middle - along * out_width / 2 - down * out_height / 2
    source = np.float32([corner, corner + along * out_width, corner + down * out_height])
    target = np.float32([[0, 0], [out_width, 0], [0, out_height]])
    warp = cv2.getAffineTransform(source, target)
    return cv2.warpAffine(
        picture, warp, (out_width, out_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def size_along_text(width, height, rotation, count):
    """Length and thickness of the text of `count` characters in an axis-aligned box of this width and height."""
    turn = math.radians(rotation % 180)
    cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
    if rotation % 90 == 0:
        return (width, height) if cosine > sine else (height, width)
    # Towards 45 degrees the box alone doesn't tell length from thickness, so the usual width of a character does.
    thickness = (width + height) / ((cosine + sine) * (1 + USUAL_ADVANCE * count))
    length = (width * cosine + height * sine) - 2 * thickness * cosine * sine
    return max(length, thickness), max(thickness, 1.0)
