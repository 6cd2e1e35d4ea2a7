"""Draws the engineering signs as pen strokes, since many CAD fonts lack them or draw them their own way.

Coordinates are in capital heights, the base line at zero and y upwards. Sizes and angles vary as they do between
CAD programs; shapes follow ISO 1101, ISO 129-1 and ASME Y14.5.
"""

import math

import numpy as np

from fonts import Glyph


def draw_sign(character, rng):
    """Gives a glyph of pen strokes, or None for a character that is no sign."""
    shape = SHAPES.get(character)
    if shape is None:
        return None
    strokes = [np.array(stroke, dtype=np.float32) for stroke in shape(rng)]
    left = min(stroke[:, 0].min() for stroke in strokes)
    right = max(stroke[:, 0].max() for stroke in strokes)
    bearing = rng.uniform(0.08, 0.22)
    strokes = [stroke + np.float32([bearing - left, 0]) for stroke in strokes]
    return Glyph(float(right - left + 2 * bearing), strokes)


def arc(x, y, radius, start=0.0, end=360.0, squeeze=1.0):
    turns = np.radians(np.linspace(start, end, 33))
    return np.stack([x + radius * squeeze * np.cos(turns), y + radius * np.sin(turns)], axis=1)


def diameter(rng):
    """A circle with a slash: steep or flat, ending on the circle or well outside, upright as a GB drawing's phi."""
    radius = rng.uniform(0.3, 0.5)
    middle = rng.choice([0.5, radius, rng.uniform(radius * 0.8, 0.6)])
    squeeze = rng.uniform(0.7, 1.0) if rng.random() < 0.4 else 1.0
    angle = math.radians(90 if rng.random() < 0.2 else rng.uniform(38, 80))
    reach = radius * (1.0 if rng.random() < 0.15 else rng.uniform(1.1, 1.75))
    across, up = reach * math.cos(angle), reach * math.sin(angle)
    return [arc(0, middle, radius, squeeze=squeeze), [(-across, middle - up), (across, middle + up)]]


def plus_minus(rng):
    half, low = rng.uniform(0.25, 0.4), rng.choice([0.0, rng.uniform(-0.1, 0.15)])
    middle = low + half + rng.uniform(0.1, 0.3)
    return [[(-half, low), (half, low)], [(-half, middle), (half, middle)], [(0, middle - half), (0, middle + half)]]


def degree(rng):
    radius = rng.uniform(0.1, 0.18)
    return [arc(0, rng.uniform(0.95, 1.1) - radius, radius)]


def square(rng):
    side, low = rng.uniform(0.55, 0.95), rng.uniform(-0.05, 0.15)
    return [[(0, low), (side, low), (side, low + side), (0, low + side), (0, low)]]


def times(rng):
    half, middle = rng.uniform(0.18, 0.33), rng.uniform(0.3, 0.5)
    return [[(-half, middle - half), (half, middle + half)], [(-half, middle + half), (half, middle - half)]]


def asterisk(rng):
    """Five, six or eight arms, high up; some stroke fonts have none."""
    arms, radius = int(rng.choice([5, 6, 6, 8])), rng.uniform(0.13, 0.26)
    middle = rng.uniform(0.95, 1.05) - radius
    turns = np.radians(90 + np.arange(arms) * 360 / arms)
    return [[(0, middle), (radius * np.cos(turn), middle + radius * np.sin(turn))] for turn in turns]


def counterbore(rng):
    width, height, low = rng.uniform(0.8, 1.9), rng.uniform(0.4, 0.9), rng.choice([0.0, rng.uniform(0, 0.2)])
    return [[(0, low + height), (0, low), (width, low), (width, low + height)]]


def depth(rng):
    """A bar with an arrow hanging from it; its head is open, hollow or filled."""
    half, top = rng.uniform(0.25, 0.5), rng.uniform(0.85, 1.0)
    head, spread = rng.uniform(0.3, 0.6), rng.uniform(0.12, 0.35)
    low = rng.choice([0.0, rng.uniform(-0.1, 0.1)])
    strokes = [[(-half, top), (half, top)], [(0, top), (0, low)]]
    tip = [(-spread, low + head), (0, low), (spread, low + head)]
    style = rng.integers(3)
    if style == 0:
        return strokes + [tip]
    strokes.append(tip + [tip[0]])
    return strokes + (hatch(tip) if style == 1 else [])


def hatch(triangle):
    """Fills a triangle with strokes from its first to its last side, which any pen closes."""
    first, tip, last = (np.array(point) for point in triangle)
    return [[first + (last - first) * share, tip] for share in (0.2, 0.4, 0.6, 0.8)]


def countersink(rng):
    half, height = rng.uniform(0.4, 0.7), rng.uniform(0.5, 0.95)
    return [[(-half, height), (0, 0), (half, height)]]


def taper(rng):
    length, half, middle = rng.uniform(0.9, 1.4), rng.uniform(0.25, 0.4), rng.uniform(0.4, 0.5)
    sign = -1 if rng.random() < 0.5 else 1
    strokes = [[(0, middle - half), (sign * length, middle), (0, middle + half), (0, middle - half)]]
    if rng.random() < 0.7:
        strokes.append([(-0.3 * sign, middle), (sign * (length + 0.3), middle)])
    return strokes


def straightness(rng):
    half, middle = rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.55)
    return [[(-half, middle), (half, middle)]]


def flatness(rng):
    width, height, lean = rng.uniform(0.8, 1.2), rng.uniform(0.5, 0.8), rng.uniform(0.3, 0.5)
    low = rng.uniform(0.05, 0.2)
    return [[(0, low), (width, low), (width + lean, low + height), (lean, low + height), (0, low)]]


def roundness(rng):
    return [arc(0, 0.5, rng.uniform(0.4, 0.55))]


def cylindricity(rng):
    radius, lean = rng.uniform(0.3, 0.4), rng.uniform(0.2, 0.35)
    side = radius + rng.uniform(0.0, 0.1)
    strokes = [arc(0, 0.5, radius)]
    for offset in (-side, side):
        strokes.append([(offset - lean, 0.5 - 0.5), (offset + lean, 0.5 + 0.5)])
    return strokes


def profile_of_line(rng):
    radius, low = rng.uniform(0.45, 0.6), rng.uniform(0.15, 0.35)
    return [arc(0, low, radius, 0, 180)]


def profile_of_surface(rng):
    curve = profile_of_line(rng)[0]
    return [curve, [curve[0], curve[-1]]]


def angularity(rng):
    length, angle = rng.uniform(0.8, 1.2), math.radians(rng.uniform(25, 45))
    return [[(length * math.cos(angle), 0.05 + length * math.sin(angle)), (0, 0.05), (length, 0.05)]]


def perpendicularity(rng):
    half, height = rng.uniform(0.4, 0.6), rng.uniform(0.8, 1.0)
    return [[(-half, 0.02), (half, 0.02)], [(0, 0.02), (0, height)]]


def parallelism(rng):
    lean, gap = rng.uniform(0.25, 0.45), rng.uniform(0.25, 0.4)
    return [[(0, 0), (lean, 1)], [(gap, 0), (gap + lean, 1)]]


def position(rng):
    radius = rng.uniform(0.25, 0.38)
    reach = radius + rng.uniform(0.12, 0.25)
    return [arc(0, 0.5, radius), [(-reach, 0.5), (reach, 0.5)], [(0, 0.5 - reach), (0, 0.5 + reach)]]


def concentricity(rng):
    radius = rng.uniform(0.4, 0.55)
    return [arc(0, 0.5, radius), arc(0, 0.5, radius * rng.uniform(0.4, 0.65))]


def symmetry(rng):
    half, gap = rng.uniform(0.5, 0.65), rng.uniform(0.2, 0.32)
    short = half * rng.uniform(0.55, 0.75)
    lines = ((short, 0.5 - gap), (half, 0.5), (short, 0.5 + gap))
    return [[(-reach, height), (reach, height)] for reach, height in lines]


def arrow(x, y, length, angle):
    """An oblique arrow with a filled head."""
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    start, tip = np.array([x, y]), np.array([x, y]) + length * along
    neck = tip - 0.35 * along
    head = [neck + 0.12 * across, tip, neck - 0.12 * across]
    return [[start, tip], head + [head[0]], *hatch(head)]


def circular_runout(rng):
    return arrow(0, 0.05, rng.uniform(1.0, 1.25), math.radians(rng.uniform(45, 62)))


def total_runout(rng):
    length, angle, gap = rng.uniform(0.95, 1.2), math.radians(rng.uniform(45, 62)), rng.uniform(0.4, 0.6)
    return arrow(0, 0.05, length, angle) + arrow(gap, 0.05, length, angle) + [[(0, 0.05), (gap, 0.05)]]


SHAPES = {
    "⌀": diameter,
    "±": plus_minus,
    "°": degree,
    "□": square,
    "×": times,
    "*": asterisk,
    "⌴": counterbore,
    "↧": depth,
    "⌵": countersink,
    "⌲": taper,
    "⏤": straightness,
    "⏥": flatness,
    "○": roundness,
    "⌭": cylindricity,
    "⌒": profile_of_line,
    "⌓": profile_of_surface,
    "∠": angularity,
    "⊥": perpendicularity,
    "∥": parallelism,
    "⌖": position,
    "◎": concentricity,
    "⌯": symmetry,
    "↗": circular_runout,
    "⌰": total_runout,
}
