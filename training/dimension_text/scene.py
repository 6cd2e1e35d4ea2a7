"""Draws a set line with the drawing around it, and cuts it out as a detector would."""

import cv2
import numpy as np

import classes
from clutter import draw_clutter
from typesetting import set_line

# Canvas pixels per capital height: fine enough that pen widths differ by a few per cent.
CAPITAL_PX = 56
SHIFT = 4
CIRCLED = set(classes.CIRCLED)
# Signs that can still be told when the cut-out lacks their first part.
WIDE = "⌀□RCM"


class Canvas:
    """Ink coverage of the text and of everything else, on the cut-out; strokes are given in capital heights."""

    def __init__(self, box, turn):
        self.left, self.bottom, self.right, self.top = box
        size = (self.pixels(self.top - self.bottom), self.pixels(self.right - self.left))
        self.text = np.zeros(size, np.uint8)
        self.clutter = np.zeros(size, np.uint8)
        self.turn = np.float32(turn)

    def pixels(self, length):
        return max(8, round(length * CAPITAL_PX))

    def place(self, points):
        """Fixed-point canvas coordinates of points, skewed about the middle of the cut-out."""
        points = np.asarray(points, dtype=np.float32)
        middle = np.float32([(self.left + self.right) / 2, (self.bottom + self.top) / 2])
        skewed = (points - middle) @ self.turn + middle
        placed = (skewed - np.float32([self.left, self.top])) * np.float32([CAPITAL_PX, -CAPITAL_PX])
        return np.round(placed * (1 << SHIFT)).astype(np.int32)

    def stroke(self, paths, pen, layer, value=255):
        thickness = max(1, round(pen * CAPITAL_PX))
        placed = [self.place(path) for path in paths]
        cv2.polylines(layer, placed, False, value, thickness, cv2.LINE_AA, SHIFT)

    def fill(self, paths, layer, value=255):
        if paths:
            cv2.fillPoly(layer, [self.place(path) for path in paths], value, cv2.LINE_AA, SHIFT)

    def line(self, line, style, layer, bolder=0.0):
        self.stroke(line.strokes, style.pen + bolder, layer)
        for fill in line.fills:
            self.fill(fill, layer)
            if bolder > 0:
                self.stroke([np.vstack([path, path[:1]]) for path in fill], bolder, layer)


def draw_scene(text, style, rng):
    """Gives the coverage of text and clutter, or None when the typeface can't write the text."""
    line = set_line(text, style, rng)
    if line is None or not (line.strokes or line.fills):
        return None
    ink = ink_box(line, style)
    measured = without_rings(ink) if CIRCLED & set(text) and rng.random() < 0.45 else ink
    canvas = Canvas(cut_box(measured, text, rng), skew(rng))
    canvas.line(line, style, canvas.text, bolder=rng.uniform(0, 0.05) if rng.random() < 0.2 else 0.0)
    draw_clutter(canvas, line, ink, text, style, rng)
    return canvas


def ink_box(line, style):
    points = line.points()
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    half = 0.0 if style.typeface.filled else style.pen / 2
    if top - bottom < 0.6:
        # A lone dash or full stop would be blown up to the full height.
        bottom, top = min(bottom, 0.0), max(top, 0.9)
    return left - half, bottom - half, right + half, top + half


def without_rings(ink):
    """The box of the letters alone: the ring around a Ⓜ is taller, and detectors cut it off."""
    left, bottom, right, top = ink
    return left, max(bottom, -0.05), right - 0.06, min(top, 1.05)


def cut_box(ink, text, rng):
    """The detector's box: mostly loose, sometimes off-centre, sometimes into the glyphs."""
    left, bottom, right, top = ink
    height = top - bottom
    kind = rng.random()
    if kind < 0.5:
        below = above = rng.uniform(0.04, 0.22)
    elif kind < 0.8:
        below, above = rng.uniform(0.0, 0.42, 2)
    else:
        below, above = rng.uniform(-0.09, 0.25, 2)
    before, after = rng.uniform(0.0, 0.3, 2) if rng.random() < 0.8 else rng.uniform(-0.03, 0.8, 2)
    if text[0] in WIDE and rng.random() < 0.12:
        before = -rng.uniform(0.03, 0.16)
    return left - before * height, bottom - below * height, right + after * height, top + above * height


def skew(rng):
    """A small rotation, as a scan or a leaning box has it."""
    angle = np.radians(rng.normal(0, 1.0)) if rng.random() < 0.3 else 0.0
    return [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
