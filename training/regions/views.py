"""One view of a drawing: geometry in the middle of its cell, dimensions around it, a caption."""

import numpy as np

from dimensioning import annotate, arrowhead
from marks import balloon, section_arrows
from parts import FLAT, Part, plate
from solids import isometric

NAMES, WEIGHTS = list(FLAT), np.array(list(FLAT.values())) / sum(FLAT.values())


def draw_view(canvas, style, cell, kind, amount, letter="A", aligned=None):
    """Draws a view into a cell; `aligned` fixes the geometry's box so that projections line up."""
    rng = style.rng
    with canvas.tracked("view", view=kind):
        if aligned is None:
            margins = random_margins(style, cell, 0.0 if kind == "isometric" else amount)
            box = inner_box(rng, cell, margins, kind in ("front", "section"))
        else:
            box = aligned
            margins = {"left": box[0] - cell[0], "top": box[1] - cell[1], "right": cell[2] - box[2], "bottom": cell[3] - box[3]}
        part = geometry(canvas, style, box, kind)
        if kind == "isometric" and rng.random() < 0.85:
            amount = 0
        if amount:
            annotate(canvas, style, part, margins, amount)
        if kind == "front" and rng.random() < 0.15:
            section_arrows(canvas, style, part.box, letter)
        if kind == "front" and rng.random() < 0.08:
            detail_ring(canvas, style, part.box, letter)
        if rng.random() < {"front": 0.06, "section": 0.7, "detail": 0.8, "isometric": 0.25}[kind]:
            caption(canvas, style, part, kind, letter)


def geometry(canvas, style, box, kind):
    rng = style.rng
    if kind == "isometric":
        return isometric(canvas, style, box)
    if kind == "detail":
        return detail(canvas, style, box)
    if kind == "section":
        names = [shape for shape in NAMES if shape.__name__ in ("section", "bracket")]
        return names[rng.integers(len(names))](canvas, style, box)
    width, height = box[2] - box[0], box[3] - box[1]
    weights = WEIGHTS
    if max(width, height) > 4 * min(width, height):
        weights = np.array([w * (3 if s.__name__ in ("bar", "shaft", "profile") else 0.15) for s, w in zip(NAMES, WEIGHTS)])
        weights = weights / weights.sum()
    return NAMES[rng.choice(len(NAMES), p=weights)](canvas, style, box)


def random_margins(style, cell, amount):
    """Room for dimensions on each side, at most a third of the cell."""
    rng = style.rng
    width, height = cell[2] - cell[0], cell[3] - cell[1]
    margins = {}
    for side in ("left", "top", "right", "bottom"):
        room = style.letter * rng.uniform(2.2, 11) if rng.random() < amount else style.letter * rng.uniform(0, 2)
        margins[side] = min(room, (width if side in ("left", "right") else height) * 0.3)
    return margins


def inner_box(rng, cell, margins, can_be_thin):
    """The geometry's box, of a random shape, inside the margins."""
    x0, y0 = cell[0] + margins["left"], cell[1] + margins["top"]
    x1, y1 = cell[2] - margins["right"], cell[3] - margins["bottom"]
    width, height = (x1 - x0) * rng.uniform(0.55, 1), (y1 - y0) * rng.uniform(0.55, 1)
    kind = rng.random() if can_be_thin else 1.0
    if kind < 0.13:
        height *= rng.uniform(0.1, 0.4)
    elif kind < 0.26:
        width *= rng.uniform(0.1, 0.4)
    elif kind < 0.5:
        width = height = min(width, height)
    width, height = max(width, 6), max(height, 6)
    left = x0 + (x1 - x0 - width) * rng.uniform(0.2, 0.8)
    top = y0 + (y1 - y0 - height) * rng.uniform(0.2, 0.8)
    return left, top, left + width, top + height


def detail(canvas, style, box):
    """An enlarged cut-out: a circle or a broken edge around a piece of contour."""
    rng = style.rng
    x0, y0, x1, y1 = box
    x, y, radius = (x0 + x1) / 2, (y0 + y1) / 2, min(x1 - x0, y1 - y0) / 2
    part = Part((x - radius, y - radius, x + radius, y + radius))
    kind = rng.random()
    if kind < 0.6:
        canvas.circle(x, y, radius, style.thin)
    elif kind < 0.8:
        angles = np.linspace(0, 2 * np.pi, 24)
        wobble = radius * rng.uniform(0.85, 1, 24)
        canvas.path(np.stack([x + np.cos(angles) * wobble, y + np.sin(angles) * wobble], axis=1), style.thin, closed=True)
    half = radius * 0.68
    bends = np.sort(rng.uniform(-half, half, 3))
    levels = rng.uniform(-half, half, 4)
    contour = [(x - half, y + levels[0])]
    for bend, before, after in zip(bends, levels[:-1], levels[1:]):
        contour += [(x + bend, y + before), (x + bend, y + after)]
    contour.append((x + half, y + levels[-1]))
    canvas.path(contour, style.thick)
    if rng.random() < 0.5:
        canvas.hatch([*contour, (x + half, y + half), (x - half, y + half)], style.thin, style.letter * rng.uniform(0.6, 1.5))
    part.knots_x += [x + bend for bend in bends]
    part.knots_y += [y + level for level in levels]
    return part


def detail_ring(canvas, style, box, letter):
    rng = style.rng
    x, y = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])
    radius = min(box[2] - box[0], box[3] - box[1]) * rng.uniform(0.1, 0.25)
    canvas.circle(x, y, radius, style.thin)
    canvas.text(letter, x + radius, y - radius - style.letter * 0.5, style.letter * 1.3, style.thin.ink)


def caption(canvas, style, part, kind, letter):
    """What stands over or under a view."""
    rng = style.rng
    scale = rng.choice(["1:1", "2:1", "1:2", "5:1", "1 : 5"])
    lines = {
        "front": [[f"VIEW {letter}"], [f"{letter} ({scale})"], ["TOP VIEW"], [f"SCALE {scale}"]],
        "section": [[f"SECTION {letter}-{letter}"], [f"{letter}-{letter} ({scale})"], [f"SECTION {letter}-{letter}", f"SCALE {scale}"], [f"{letter}-{letter}"], [f"Schnitt {letter}-{letter}"]],
        "detail": [[f"DETAIL {letter}"], [f"DETAIL {letter}", f"SCALE {scale}"], [f"Detail {scale}"], [f"{letter} ({scale})"]],
        "isometric": [["Isometric"], ["ISOMETRIC VIEW"], [f"SCALE {scale}"]],
    }[kind]
    lines = lines[rng.integers(len(lines))]
    size = style.letter * rng.choice([1.0, 1.4, 2.0])
    reach = canvas._open[-1].box()
    is_above = rng.random() < 0.4
    y = reach[1] - size * (1.0 + 1.6 * (len(lines) - 1)) if is_above else reach[3] + size * 1.2
    x = (part.box[0] + part.box[2]) / 2
    for index, line in enumerate(lines):
        canvas.text(line, x, y + index * size * 1.6, size, style.thin.ink, "middle")


def draw_assembly(canvas, style, cell, count):
    """A view with numbered balloons around it."""
    rng = style.rng
    with canvas.tracked("view", view="front"):
        margin = style.letter * 5
        box = (cell[0] + margin, cell[1] + margin, cell[2] - margin, cell[3] - margin)
        if box[2] - box[0] < margin or box[3] - box[1] < margin:
            box = cell
        shape = [isometric, isometric, plate, *NAMES][rng.integers(3 + len(NAMES))]
        part = shape(canvas, style, box)
        x0, y0, x1, y1 = part.box
        for number in range(1, count + 1):
            x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
            side = rng.integers(4)
            reach = style.letter * rng.uniform(1.5, 3.5)
            elbow = [(x0 - reach, y), (x1 + reach, y), (x, y0 - reach), (x, y1 + reach)][side]
            balloon(canvas, style, x, y, elbow[0] + rng.uniform(-1, 1) * style.letter, elbow[1] + rng.uniform(-1, 1) * style.letter, number)
            if rng.random() < 0.1:
                arrowhead(canvas, style, x, y, 1, 0)
