"""Flat geometry of one view: plates, brackets, shafts, discs, sections, profiles, assemblies.

Each function draws into a given box and tells where features lie, so that dimensions can be hung on them.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Part:
    """What was drawn: its box, the coordinates worth a dimension, and its holes as x, y, radius."""

    box: tuple
    knots_x: list = field(default_factory=list)
    knots_y: list = field(default_factory=list)
    circles: list = field(default_factory=list)

    def __post_init__(self):
        self.knots_x += [self.box[0], self.box[2]]
        self.knots_y += [self.box[1], self.box[3]]


def hole(canvas, style, part, x, y, radius):
    """A hole with centre marks, sometimes with a thread or counterbore circle."""
    rng = style.rng
    canvas.circle(x, y, radius, style.thick)
    kind = rng.random()
    if kind < 0.15:
        canvas.circle(x, y, radius * 1.3, style.thin, 20, 290)
    elif kind < 0.3:
        canvas.circle(x, y, radius * rng.uniform(1.3, 2), style.thick)
    if rng.random() < 0.75:
        reach = radius * rng.uniform(1.2, 1.8) + 2
        canvas.line(x - reach, y, x + reach, y, style.centre if rng.random() < 0.5 else style.thin)
        canvas.line(x, y - reach, x, y + reach, style.centre if rng.random() < 0.5 else style.thin)
    part.circles.append((x, y, radius))
    part.knots_x.append(x)
    part.knots_y.append(y)


def softened(rng, box, size):
    """A rectangle whose corners may be rounded or cut."""
    x0, y0, x1, y1 = box
    corners = [(x0, y0, 1, 1), (x1, y0, -1, 1), (x1, y1, -1, -1), (x0, y1, 1, -1)]
    kinds = [rng.integers(3)] * 4 if rng.random() < 0.7 else rng.integers(0, 3, 4)
    points = []
    for index, ((x, y, dx, dy), kind) in enumerate(zip(corners, kinds)):
        start, end = [(x, y + dy * size), (x + dx * size, y)][:: 1 if index % 2 == 0 else -1]
        if kind == 0:
            points.append((x, y))
        elif kind == 1:
            points += [start, end]
        else:
            first, last = np.array(start), np.array(end)
            corner = np.array([x, y])
            points += [tuple((1 - t) ** 2 * first + 2 * t * (1 - t) * corner + t * t * last) for t in np.linspace(0, 1, 6)]
    return points


def plate(canvas, style, box):
    rng = style.rng
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    short = min(width, height)
    part = Part(box)
    canvas.path(softened(rng, box, short * rng.uniform(0.05, 0.3)), style.thick, closed=True)
    if rng.random() < 0.15:
        inset = short * rng.uniform(0.03, 0.12)
        canvas.rectangle((x0 + inset, y0 + inset, x1 - inset, y1 - inset), style.thick)
    if rng.random() < 0.6:
        inset_x, inset_y = width * rng.uniform(0.08, 0.25), height * rng.uniform(0.08, 0.25)
        radius = max(2, short * rng.uniform(0.02, 0.06))
        for x in np.linspace(x0 + inset_x, x1 - inset_x, rng.integers(2, 5)):
            for y in np.linspace(y0 + inset_y, y1 - inset_y, rng.integers(2, 3)):
                hole(canvas, style, part, x, y, radius)
    if rng.random() < 0.45:
        hole(canvas, style, part, (x0 + x1) / 2 + rng.uniform(-0.15, 0.15) * width, (y0 + y1) / 2, short * rng.uniform(0.1, 0.28))
    for _ in range(rng.integers(0, 3)):
        slot(canvas, style, part, rng.uniform(x0 + width * 0.2, x1 - width * 0.3), rng.uniform(y0 + height * 0.2, y1 - height * 0.3), short * rng.uniform(0.05, 0.25))
    if rng.random() < 0.2:
        for fraction in sorted(rng.uniform(0.1, 0.9, rng.integers(1, 4))):
            canvas.line(x0 + width * fraction, y0, x0 + width * fraction, y1, style.thick if rng.random() < 0.4 else style.centre)
            part.knots_x.append(x0 + width * fraction)
    return part


def slot(canvas, style, part, x, y, size):
    """A round-ended slot, rectangle or triangle cut out."""
    rng = style.rng
    kind = rng.integers(3)
    if kind == 0:
        half = size * rng.uniform(0.2, 0.5)
        canvas.line(x, y - half, x + size, y - half, style.thick)
        canvas.line(x, y + half, x + size, y + half, style.thick)
        canvas.circle(x, y, half, style.thick, 90, 270)
        canvas.circle(x + size, y, half, style.thick, -90, 90)
    elif kind == 1:
        canvas.path(softened(rng, (x, y, x + size, y + size * rng.uniform(0.4, 1.2)), size * 0.15), style.thick, closed=True)
    else:
        canvas.path([(x, y), (x + size, y + size * 0.2), (x + size * rng.uniform(0, 1), y + size)], style.thick, closed=True)
    part.knots_x.append(x)
    part.knots_y.append(y)


def bracket(canvas, style, box):
    """A stepped outline of right angles and slopes, as of L, T and U shapes."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    columns = int(rng.integers(2, 6))
    edges = np.concatenate([[x0], np.sort(rng.uniform(x0, x1, columns - 1)), [x1]])
    tops = y0 + (y1 - y0) * rng.choice([0, 0.25, 0.4, 0.6, 0.75], columns)
    tops[rng.integers(columns)] = y0
    bottoms = np.full(columns, y1) if rng.random() < 0.6 else y1 - (y1 - y0) * rng.choice([0, 0, 0.1, 0.15], columns)
    bottoms[rng.integers(columns)] = y1
    outline = []
    for index in range(columns):
        outline += [(edges[index], tops[index]), (edges[index + 1], tops[index])]
    for index in reversed(range(columns)):
        outline += [(edges[index + 1], bottoms[index]), (edges[index], bottoms[index])]
    canvas.path(outline, style.thick, closed=True)
    if rng.random() < 0.25:
        canvas.hatch(outline, style.thin, style.letter * rng.uniform(0.6, 1.4))
    part.knots_x += list(edges[1:-1])
    part.knots_y += [top for top in tops if top > y0]
    for index in range(columns):
        wide, tall = edges[index + 1] - edges[index], bottoms[index] - tops[index]
        if min(wide, tall) > style.letter * 2 and rng.random() < 0.5:
            hole(canvas, style, part, (edges[index] + edges[index + 1]) / 2, tops[index] + tall * rng.uniform(0.3, 0.7), min(wide, tall) * rng.uniform(0.1, 0.3))
    hidden_lines(canvas, style, box)
    return part


def hidden_lines(canvas, style, box):
    rng = style.rng
    x0, y0, x1, y1 = box
    pen = style.thin.dashed((style.letter * 0.7, style.letter * 0.35))
    for _ in range(rng.choice([0, 0, 1, 2, 4])):
        if rng.random() < 0.5:
            x = rng.uniform(x0, x1)
            canvas.line(x, y0, x, rng.uniform(y0, y1), pen)
        else:
            y = rng.uniform(y0, y1)
            canvas.line(x0, y, rng.uniform(x0, x1), y, pen)


def shaft(canvas, style, box, sectioned=None):
    """A turned part from the side: steps, centre line, chamfers, keyway, thread; sometimes in section."""
    rng = style.rng
    x0, y0, x1, y1 = box
    upright = (y1 - y0) > (x1 - x0)
    if upright:
        x0, y0, x1, y1 = y0, x0, y1, x1
    part = Part(box)
    middle = (y0 + y1) / 2
    steps = int(rng.integers(1, 7))
    edges = np.concatenate([[x0], np.sort(rng.uniform(x0, x1, steps - 1)), [x1]])
    halves = (y1 - y0) / 2 * rng.uniform(0.35, 1, steps)
    halves[rng.integers(steps)] = (y1 - y0) / 2
    sectioned = rng.random() < 0.3 if sectioned is None else sectioned
    bore = halves.min() * rng.uniform(0.2, 0.8)

    def put(points, pen, closed=False):
        canvas.path([(b, a) if upright else (a, b) for a, b in points], pen, closed)

    for index in range(steps):
        left, right, half = edges[index], edges[index + 1], halves[index]
        put([(left, middle - half), (right, middle - half), (right, middle + half), (left, middle + half)], style.thick, True)
        if sectioned:
            for low, high in ((middle - half, middle - bore), (middle + bore, middle + half)):
                area = [(left, low), (right, low), (right, high), (left, high)]
                canvas.hatch([(b, a) if upright else (a, b) for a, b in area], style.thin, style.letter * rng.choice([0.6, 0.9, 1.3]))
        elif rng.random() < 0.2:
            for y in (middle - half * 0.88, middle + half * 0.88):
                put([(left, y), (right, y)], style.thin)
        if rng.random() < 0.3:
            chamfer = min(half * 0.15, (right - left) * 0.3)
            put([(right - chamfer, middle - half), (right - chamfer, middle + half)], style.thick)
    if sectioned:
        for y in (middle - bore, middle + bore):
            put([(x0, y), (x1, y)], style.thick)
    reach = style.letter * rng.uniform(0.5, 1.5)
    if rng.random() < 0.85:
        put([(x0 - reach, middle), (x1 + reach, middle)], style.centre)
    if rng.random() < 0.3:
        key = halves.min() * 0.35
        start = rng.uniform(x0, x0 + (x1 - x0) * 0.6)
        put([(start, middle - key), (start + (x1 - x0) * 0.2, middle - key), (start + (x1 - x0) * 0.2, middle + key), (start, middle + key)], style.thick, True)
    along = part.knots_y if upright else part.knots_x
    across_ = part.knots_x if upright else part.knots_y
    along += list(edges[1:-1])
    across_ += [middle - halves.min(), middle + halves.min()]
    return part


def section(canvas, style, box):
    return shaft(canvas, style, box, sectioned=True)


def disc(canvas, style, box):
    """A round part from its face: rings, bolt circle, spokes or teeth."""
    rng = style.rng
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    radius = min(x1 - x0, y1 - y0) / 2
    part = Part((x - radius, y - radius, x + radius, y + radius))
    if rng.random() < 0.25:
        teeth(canvas, style, x, y, radius)
    else:
        canvas.circle(x, y, radius, style.thick)
    for fraction in rng.uniform(0.2, 0.95, rng.integers(1, 4)):
        canvas.circle(x, y, radius * fraction, style.thick)
        part.circles.append((x, y, radius * fraction))
    if rng.random() < 0.65:
        pitch = radius * rng.uniform(0.55, 0.85)
        canvas.circle(x, y, pitch, style.centre)
        count, phase = int(rng.integers(3, 13)), rng.uniform(0, 6)
        for angle in phase + np.arange(count) * 2 * np.pi / count:
            hole_x, hole_y = x + pitch * np.cos(angle), y + pitch * np.sin(angle)
            canvas.circle(hole_x, hole_y, radius * 0.07, style.thick)
            part.circles.append((hole_x, hole_y, radius * 0.07))
    if rng.random() < 0.2:
        ear = radius * rng.uniform(1.2, 1.6)
        canvas.path([(x - radius * 0.5, y - radius * 0.87), (x - ear, y), (x - radius * 0.5, y + radius * 0.87)], style.thick)
        canvas.path([(x + radius * 0.5, y - radius * 0.87), (x + ear, y), (x + radius * 0.5, y + radius * 0.87)], style.thick)
    if rng.random() < 0.9:
        reach = radius * rng.uniform(1.03, 1.15)
        canvas.line(x - reach, y, x + reach, y, style.centre)
        canvas.line(x, y - reach, x, y + reach, style.centre)
    rng.shuffle(part.circles)
    return part


def teeth(canvas, style, x, y, radius):
    count = int(style.rng.integers(8, 40))
    depth = radius * style.rng.uniform(0.04, 0.25)
    points = []
    for index in range(count):
        for share, level in ((0.0, radius - depth), (0.3, radius - depth), (0.4, radius), (0.7, radius), (0.8, radius - depth)):
            angle = 2 * np.pi * (index + share) / count
            points.append((x + level * np.cos(angle), y + level * np.sin(angle)))
    canvas.path(points, style.thick, closed=True)


def profile(canvas, style, box):
    """A bent sheet from its edge: two parallel polylines."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    gauge = max(3.0, min(x1 - x0, y1 - y0) * rng.uniform(0.03, 0.1))
    left, right = x0 + (x1 - x0) * rng.uniform(0, 0.4), x1 - (x1 - x0) * rng.uniform(0, 0.4)
    middle = [(x0, y0), (left, y0), (left, y1), (right, y1), (right, y0), (x1, y0)]
    if rng.random() < 0.4:
        middle = [(x0, y0), (right, y0), (right, y1), (x1, y1)]
    if rng.random() < 0.5:
        middle = [(x, y0 + y1 - y) for x, y in middle]
    spine = np.array(middle)
    canvas.path(spine, style.thick)
    canvas.path(spine + (gauge, gauge * (1 if spine[0, 1] == y0 else -1)), style.thick)
    canvas.line(*spine[0], spine[0, 0] + gauge, spine[0, 1] + gauge * (1 if spine[0, 1] == y0 else -1), style.thick)
    part.knots_x += [left, right]
    return part


def bar(canvas, style, box):
    """The plain side of a plate or beam: a long rectangle with a few lines along it."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    canvas.rectangle(box, style.thick)
    for fraction in rng.uniform(0, 1, rng.choice([0, 1, 2, 5, 14], p=[0.25, 0.25, 0.25, 0.15, 0.1])):
        if (x1 - x0) > (y1 - y0):
            canvas.line(x0, y0 + (y1 - y0) * fraction, x1, y0 + (y1 - y0) * fraction, style.thick)
        else:
            canvas.line(x0 + (x1 - x0) * fraction, y0, x0 + (x1 - x0) * fraction, y1, style.thick)
    for _ in range(rng.integers(0, 3)):
        if (x1 - x0) > (y1 - y0):
            x = rng.uniform(x0, x1)
            canvas.line(x, y0, x, y1, style.thin.dashed((4, 3)))
            part.knots_x.append(x)
        else:
            y = rng.uniform(y0, y1)
            canvas.line(x0, y, x1, y, style.thin.dashed((4, 3)))
            part.knots_y.append(y)
    return part


def blob(canvas, style, box):
    """A casting-like closed curve with bosses."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    count = int(rng.integers(5, 10))
    angles = np.linspace(0, 2 * np.pi, 80)
    radii = np.interp(angles, np.linspace(0, 2 * np.pi, count + 1), np.append(shape := rng.uniform(0.65, 1, count), shape[0]))
    points = np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)
    low, high = points.min(axis=0), points.max(axis=0)
    canvas.path((points - low) / (high - low) * (x1 - x0, y1 - y0) + (x0, y0), style.thick, closed=True)
    for _ in range(rng.integers(1, 5)):
        x, y = rng.uniform(x0 + (x1 - x0) * 0.25, x1 - (x1 - x0) * 0.25), rng.uniform(y0 + (y1 - y0) * 0.25, y1 - (y1 - y0) * 0.25)
        hole(canvas, style, part, x, y, min(x1 - x0, y1 - y0) * rng.uniform(0.04, 0.15))
    return part


def assembly(canvas, style, box):
    """Several parts into and over each other."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    canvas.path(softened(rng, box, min(x1 - x0, y1 - y0) * 0.05), style.thick, closed=True)
    for _ in range(rng.integers(3, 9)):
        left, right = np.sort(rng.uniform(x0, x1, 2))
        top, bottom = np.sort(rng.uniform(y0, y1, 2))
        if right - left < 10 or bottom - top < 10:
            continue
        shape = [plate, bar, shaft, disc, bracket][rng.integers(5)]
        inner = shape(canvas, style, (left, top, right, bottom))
        part.knots_x += inner.knots_x[:2]
        part.knots_y += inner.knots_y[:2]
        part.circles += inner.circles[:1]
    return part


def truss(canvas, style, box):
    """A welded frame: beams of two lines with diagonals."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    width = max(3, min(x1 - x0, y1 - y0) * rng.uniform(0.03, 0.08))
    columns = np.linspace(x0, x1 - width, rng.integers(2, 7))
    rows = np.linspace(y0, y1 - width, rng.integers(2, 5))
    for x in columns:
        canvas.rectangle((x, y0, x + width, y1), style.thick)
    for y in rows:
        canvas.rectangle((x0, y, x1, y + width), style.thick)
    if rng.random() < 0.5:
        for left, right in zip(columns[:-1], columns[1:]):
            canvas.line(left, y0, right, y1, style.thick)
            canvas.line(left + width, y0, right + width, y1, style.thick)
    part.knots_x += list(columns[1:])
    part.knots_y += list(rows[1:])
    return part


def plan(canvas, style, box):
    """A floor plan or site layout: walls, doors, names of rooms."""
    rng = style.rng
    part = Part(box)
    rooms = [box]
    for _ in range(rng.integers(2, 8)):
        x0, y0, x1, y1 = rooms.pop(int(rng.integers(len(rooms))))
        if x1 - x0 > y1 - y0:
            x = rng.uniform(x0 + (x1 - x0) * 0.3, x1 - (x1 - x0) * 0.3)
            rooms += [(x0, y0, x, y1), (x, y0, x1, y1)]
            part.knots_x.append(x)
        else:
            y = rng.uniform(y0 + (y1 - y0) * 0.3, y1 - (y1 - y0) * 0.3)
            rooms += [(x0, y0, x1, y), (x0, y, x1, y1)]
            part.knots_y.append(y)
    wall = max(2.0, style.letter * rng.uniform(0.2, 0.5))
    for x0, y0, x1, y1 in rooms:
        canvas.rectangle((x0, y0, x1, y1), style.thick)
        canvas.rectangle((x0 + wall, y0 + wall, x1 - wall, y1 - wall), style.thin)
        if min(x1 - x0, y1 - y0) > style.letter * 4:
            canvas.text(canvas.lettering.title()[:9], (x0 + x1) / 2, (y0 + y1) / 2, style.letter, style.thin.ink, "middle")
            canvas.circle(x0, y0, min(x1 - x0, y1 - y0) * 0.3, style.thin, 0, 90)
    return part


def schematic(canvas, style, box):
    """Named boxes and round devices joined by right-angled wires."""
    rng = style.rng
    x0, y0, x1, y1 = box
    part = Part(box)
    size = min(style.letter * rng.uniform(1.5, 4), (x1 - x0) * 0.5, (y1 - y0) * 0.5)
    places = rng.uniform((x0, y0), (x1 - size, y1 - size), (rng.integers(4, 16), 2))
    places = np.round(places / size) * size
    for (left, top), (other, below) in zip(places[:-1], places[1:]):
        canvas.path([(left + size, top + size / 2), (other, top + size / 2), (other, below + size / 2)], style.thin)
    for left, top in places:
        if rng.random() < 0.6:
            canvas.fill([(left, top), (left + size, top), (left + size, top + size), (left, top + size)], 255)
            canvas.rectangle((left, top, left + size, top + size), style.thick)
        else:
            canvas.circle(left + size / 2, top + size / 2, size / 2, style.thick)
        canvas.text(f"{'RCUKQT'[rng.integers(6)]}{rng.integers(1, 99)}", left, top - style.letter * 0.6, style.letter * 0.8, style.thin.ink)
    return part


# A drawing function and how often it is taken.
FLAT = {plate: 5, bracket: 4, shaft: 3, disc: 3, bar: 3, profile: 1.5, section: 3, blob: 1, assembly: 1.5, truss: 0.7, plan: 0.5, schematic: 0.5}
