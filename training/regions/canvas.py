"""A grey sheet to draw on that remembers how far each group of strokes reaches.

A view's box is not planned but measured: whatever is drawn while it is tracked belongs to it.
"""

from contextlib import contextmanager

import cv2
import numpy as np

SUBPIXEL_BITS = 4


class Bounds:
    """The box around everything drawn so far, as x0, y0, x1, y1."""

    def __init__(self):
        self.x0 = self.y0 = np.inf
        self.x1 = self.y1 = -np.inf

    def add(self, points):
        points = np.asarray(points, dtype=float).reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        self.x0, self.y0 = min(self.x0, low[0]), min(self.y0, low[1])
        self.x1, self.y1 = max(self.x1, high[0]), max(self.y1, high[1])

    @property
    def is_empty(self):
        return self.x1 <= self.x0

    def box(self):
        return self.x0, self.y0, self.x1, self.y1


class Canvas:
    """Lines and texts in grey on white; `ink` 0 is black."""

    def __init__(self, width, height, lettering):
        self.picture = np.full((height, width), 255, np.uint8)
        self.lettering = lettering
        self.regions = []
        self._open = []

    @property
    def size(self):
        return self.picture.shape[1], self.picture.shape[0]

    @contextmanager
    def tracked(self, kind=None, **details):
        """Collects the box of what is drawn inside, as a region of this kind if one is given."""
        bounds = Bounds()
        self._open.append(bounds)
        yield bounds
        self._open.pop()
        if kind and not bounds.is_empty:
            self.region(kind, bounds.box(), **details)

    def region(self, kind, box, **details):
        self.regions.append({"kind": kind, "box": tuple(map(float, box)), **details})

    def _reach(self, points):
        for bounds in self._open:
            bounds.add(points)

    def path(self, points, pen, closed=False):
        """Draws a polyline with a pen: ink, width in pixels and a dash pattern or None."""
        points = np.asarray(points, dtype=float)
        if closed:
            points = np.vstack([points, points[:1]])
        self._reach(points)
        pieces = dashes(points, pen.dash) if pen.dash else [points]
        fixed = [np.round(piece * (1 << SUBPIXEL_BITS)).astype(np.int32) for piece in pieces]
        cv2.polylines(self.picture, fixed, False, int(pen.ink), pen.width, cv2.LINE_AA, SUBPIXEL_BITS)

    def line(self, x0, y0, x1, y1, pen):
        self.path([(x0, y0), (x1, y1)], pen)

    def rectangle(self, box, pen):
        x0, y0, x1, y1 = box
        self.path([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], pen, closed=True)

    def circle(self, x, y, radius, pen, start=0.0, end=360.0, squeeze=1.0, turn=0.0):
        """A circle, arc or turned ellipse; angles in degrees, clockwise from the right."""
        self.path(ellipse(x, y, radius, start, end, squeeze, turn), pen)

    def fill(self, points, shade):
        self._reach(points)
        fixed = np.round(np.asarray(points, dtype=float) * (1 << SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(self.picture, [fixed], int(shade), cv2.LINE_AA, SUBPIXEL_BITS)

    def hatch(self, points, pen, gap, slope=1.0):
        """Slanted lines inside a polygon."""
        points = np.asarray(points, dtype=float)
        x0, y0 = np.floor(points.min(axis=0)).astype(int) - 1
        x1, y1 = np.ceil(points.max(axis=0)).astype(int) + 2
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, self.size[0]), min(y1, self.size[1])
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(inside, [np.round(points - (x0, y0)).astype(np.int32)], 255)
        lines = np.full_like(inside, 255)
        height, width = inside.shape
        for offset in np.arange(-height, width + height, gap):
            ends = ((int(offset), height), (int(offset + height), 0)) if slope > 0 else ((int(offset), 0), (int(offset + height), height))
            cv2.line(lines, *ends, int(pen.ink), pen.width, cv2.LINE_AA)
        window = self.picture[y0:y1, x0:x1]
        np.copyto(window, np.minimum(window, lines), where=inside > 0)

    def text(self, string, x, y, height, ink=0, anchor="left", angle=0, face=None):
        """Writes one line whose middle is at height y; gives its box. Angle 0, 90 or any, counter-clockwise."""
        mask = self.lettering.mask(string, height, face)
        if angle == 90:
            mask = np.rot90(mask)
        elif angle:
            mask = turned(mask, angle)
        rows, columns = mask.shape
        across, along = (columns, rows) if angle != 90 else (rows, columns)
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor]
        left, top = (x - along / 2, y - across * (1 - shift)) if angle == 90 else (x - across * shift, y - along / 2)
        return self.stamp(mask, left, top, ink)

    def stamp(self, mask, left, top, ink=0):
        """Lays a mask of ink (0 to 255) on the sheet."""
        left, top = int(round(left)), int(round(top))
        rows, columns = mask.shape
        width, height = self.size
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + columns, width), min(top + rows, height)
        if x1 <= x0 or y1 <= y0:
            return left, top, left + 1, top + 1
        self._reach([(x0, y0), (x1, y1)])
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
        window = self.picture[y0:y1, x0:x1]
        window[:] = ((255 - part) * window + part * np.uint16(ink)) // 255
        return x0, y0, x1, y1


class Pen:
    """How a line is drawn."""

    def __init__(self, ink, width=1, dash=None):
        self.ink, self.width, self.dash = ink, int(width), dash

    def dashed(self, pattern):
        return Pen(self.ink, self.width, pattern)


def ellipse(x, y, radius, start=0.0, end=360.0, squeeze=1.0, turn=0.0):
    steps = max(8, int(abs(end - start) / 360 * (16 + radius)))
    angles = np.radians(np.linspace(start, end, steps))
    points = np.stack([np.cos(angles), np.sin(angles) * squeeze], axis=1) * radius
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + (x, y)


def dashes(points, pattern):
    """Cuts a polyline into the drawn pieces of a pattern of lengths (drawn, gap, drawn, gap ...)."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    reach = np.concatenate([[0], np.cumsum(lengths)])
    pieces, position, index = [], 0.0, 0
    while position < reach[-1]:
        end = min(position + pattern[index % len(pattern)], reach[-1])
        if index % 2 == 0:
            knots = np.concatenate([[position], reach[(reach > position) & (reach < end)], [end]])
            pieces.append(np.stack([np.interp(knots, reach, points[:, axis]) for axis in (0, 1)], axis=1))
        position, index = end, index + 1
    return pieces or [points]


def turned(mask, angle):
    rows, columns = mask.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    width, height = int(rows * sine + columns * cosine) + 1, int(rows * cosine + columns * sine) + 1
    matrix[:, 2] += (width / 2 - columns / 2, height / 2 - rows / 2)
    return cv2.warpAffine(mask, matrix, (width, height))
