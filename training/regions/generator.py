"""Draws one synthetic sheet with its regions from a seed."""

import cv2
import numpy as np

from canvas import Canvas
from classes import VIEWS
from frames import draw_frame
from layout import fill_sheet
from lettering import Lettering
from scanning import age
from style import random_style

# The sheet is drawn twice as large as the net sees it, so that lines become as faint as in real ones.
LONG_SIDE = 1280
RATIOS = [1.414, 1.414, 1.414, 1.294, 1.294, 1.545, 1.333, 1.78]


def draw_sheet(seed, fonts):
    """Gives a grey picture and its regions ({kind, box in pixels, view})."""
    rng = np.random.default_rng(seed)
    ratio = RATIOS[rng.integers(len(RATIOS))]
    width, height = LONG_SIDE, int(LONG_SIDE / ratio)
    if rng.random() < 0.28:
        width, height = height, width
    canvas = Canvas(width, height, Lettering(rng, fonts))
    style = random_style(rng, LONG_SIDE)
    is_blank = rng.random() < 0.01
    inner = draw_frame(canvas, style, rng.random() < 0.86 and not is_blank)
    if not is_blank:
        fill_sheet(canvas, style, inner)
    picture, regions = age(canvas.picture, canvas.regions, rng)
    return picture, [region for region in regions if is_visible(region, width, height)]


def is_visible(region, width, height):
    x0, y0, x1, y1 = region["box"]
    return x1 - x0 > 4 and y1 - y0 > 4 and x1 > 0 and y1 > 0 and x0 < width and y0 < height


def scaled(picture, regions, wanted, long_side):
    """Shrinks the sheet to a net's size; keeps the kinds that the net learns."""
    factor = long_side / max(picture.shape)
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    kept = [region for region in regions if region["kind"] in wanted]
    boxes = np.array([region["box"] for region in kept], dtype=np.float32).reshape(-1, 4) * np.float32(factor)
    kinds = np.array([wanted.index(region["kind"]) for region in kept], dtype=np.int64)
    views = np.array([VIEWS.index(region["view"]) if "view" in region else -1 for region in kept], dtype=np.int64)
    return small, boxes, kinds, views
