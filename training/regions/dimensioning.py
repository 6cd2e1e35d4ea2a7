"""Dimensions, leaders and callouts around the geometry of a view.

Every function draws outside or across the part at canvas coordinates; the tracking canvas counts
them into the view's box.
"""

import numpy as np

from marks import control_frame, datum, surface_texture, weld


def arrowhead(canvas, style, x, y, dx, dy):
    """An arrow head whose tip is at (x, y) and which points along (dx, dy)."""
    length = style.arrow_length
    norm = np.hypot(dx, dy) or 1.0
    dx, dy = dx / norm, dy / norm
    side = np.array([-dy, dx]) * length * 0.18
    tail = np.array([x - dx * length, y - dy * length])
    if style.arrow == "filled":
        canvas.fill([(x, y), tail + side, tail - side], style.thin.ink)
    elif style.arrow == "open":
        canvas.path([tail + side, (x, y), tail - side], style.thin)
    elif style.arrow == "tick":
        half = length * 0.35
        canvas.line(x - half, y + half, x + half, y - half, style.thick)
    else:
        canvas.circle(x, y, max(1.5, length * 0.15), style.thin)


def dimension_string(style):
    """Number with a sign, tolerance or fit."""
    rng = style.rng
    text = style.number()
    if rng.random() < 0.2:
        text = "\u00d8" + text
    kind = rng.random()
    if kind < 0.12:
        text += f" \u00b1{rng.choice(['0.1', '0,05', '.005', '0.02'])}"
    elif kind < 0.17:
        text += str(rng.choice([" H7", "h6", " g6", " k6"]))
    elif kind < 0.2:
        text = f"({text})"
    elif kind < 0.24:
        text = f"{rng.integers(2, 12)}x{text}"
    elif kind < 0.27:
        text += " mm"
    return text


def linear(canvas, style, first, second, level, feature, vertical=False):
    """A dimension from `first` to `second` along one axis, its line at `level`, extension lines from `feature`."""
    rng = style.rng
    first, second = min(first, second), max(first, second)
    gap = style.letter * 0.3 * np.sign(level - feature)
    past = style.letter * 0.4 * np.sign(level - feature)

    def at(along, across):
        return (across, along) if vertical else (along, across)

    for end in (first, second):
        if rng.random() < 0.94:
            canvas.path([at(end, feature + gap), at(end, level + past)], style.thin)
    text = dimension_string(style)
    span = second - first
    is_narrow = span < style.arrow_length * 3
    if is_narrow:
        outside = style.arrow_length * 2
        canvas.path([at(first - outside, level), at(second + outside, level)], style.thin)
        for end, sense in ((first, 1), (second, -1)):
            arrowhead(canvas, style, *at(end, level), *at(sense, 0))
    else:
        canvas.path([at(first, level), at(second, level)], style.thin)
        for end, sense in ((first, -1), (second, 1)):
            arrowhead(canvas, style, *at(end, level), *at(sense, 0))
    length = style.letter * 0.68 * len(text)
    middle = (first + second) / 2
    if is_narrow or length > span * 1.1:
        middle = (second + length / 2 + style.arrow_length * 2) if rng.random() < 0.6 else (first - length / 2 - style.arrow_length * 2)
        if is_narrow:
            canvas.path([at(second, level), at(middle, level)], style.thin)
    write_along(canvas, style, text, middle, level, vertical)


def write_along(canvas, style, text, along, level, vertical):
    """Text above the line or, for unidirectional styles, in a gap of it."""
    with canvas.tracked("dimension_text"):
        if vertical and style.is_aligned:
            canvas.text(text, level - style.letter * 0.85, along, style.letter, style.thin.ink, "middle", 90)
        elif vertical:
            blank(canvas, style, level, along, len(text))
            canvas.text(text, level, along, style.letter, style.thin.ink, "middle")
        elif style.is_aligned:
            canvas.text(text, along, level - style.letter * 0.85, style.letter, style.thin.ink, "middle")
        else:
            blank(canvas, style, along, level, len(text))
            canvas.text(text, along, level, style.letter, style.thin.ink, "middle")


def blank(canvas, style, x, y, letters):
    """Interrupts the line under a text."""
    half_width, half_height = style.letter * 0.36 * letters, style.letter * 0.6
    x0, x1, y0, y1 = (int(v) for v in (x - half_width, x + half_width, y - half_height, y + half_height))
    canvas.picture[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 255


def ordinate(canvas, style, positions, level, feature, vertical):
    """A row of ordinate dimensions with short jogs."""
    spaced = None
    for position in sorted(positions):
        place = position if spaced is None else max(position, spaced + style.letter * 1.4)
        spaced = place
        sense = np.sign(level - feature)
        knots = [(position, feature), (position, feature + (level - feature) * 0.3), (place, feature + (level - feature) * 0.5), (place, level)]
        canvas.path([(b, a) if vertical else (a, b) for a, b in knots], style.thin)
        text = style.number()
        beyond = level + sense * style.letter * 0.4
        with canvas.tracked("dimension_text"):
            if vertical:
                canvas.text(text, beyond, place, style.letter, style.thin.ink, "right" if sense < 0 else "left")
            else:
                canvas.text(text, place, beyond + sense * style.letter * 0.34 * len(text), style.letter, style.thin.ink, "middle", 90)


def callout_string(style):
    rng = style.rng
    number = style.number(float(rng.uniform(2, 40)))
    return str(
        rng.choice(
            [
                f"\u00d8{number}",
                f"{rng.integers(2, 9)}x \u00d8{number}",
                f"{rng.integers(2, 9)}X \u00d8{number} THRU",
                f"R{number}",
                f"M{rng.integers(3, 20)}x{rng.choice(['0.5', '1', '1.25'])}",
                f"{rng.integers(2, 9)} x M{rng.integers(3, 12)} - 6H",
                f"CHAMFER {number}",
                f"{number} X 45\u00b0",
                f"C{rng.integers(1, 4)}",
                f"{rng.integers(2, 9)}X \u00d8{number} THRU ALL \u00d8{style.number(20.0)} x {rng.integers(2, 9)} DEEP",
                f"{rng.choice(['DEBURR', 'WELD', 'TAP', 'SEE NOTE', 'ENGRAVE'])} {rng.integers(1, 9)} {rng.choice(['BOTH SIDES', 'TYP', '', 'ALL AROUND'])}",
            ]
        )
    )


def leader(canvas, style, x, y, elbow_x, elbow_y):
    """An arrow from an elbow to the part, with a shelf that carries a callout and sometimes a control frame."""
    rng = style.rng
    side = 1 if elbow_x >= x else -1
    lines = [callout_string(style) for _ in range(rng.choice([1, 2, 3], p=[0.68, 0.24, 0.08]))]
    shelf = style.letter * 0.68 * max(len(line) for line in lines)
    arrowhead(canvas, style, x, y, x - elbow_x, y - elbow_y)
    is_shelf = rng.random() < 0.75
    canvas.path([(x, y), (elbow_x, elbow_y), (elbow_x + side * (shelf if is_shelf else style.letter), elbow_y)], style.thin)
    start = elbow_x if side > 0 else elbow_x - shelf
    if not is_shelf:
        start += side * style.letter * 1.2
    with canvas.tracked("dimension_text"):
        for index, line in enumerate(reversed(lines)):
            lift = (0.85 + 1.5 * index) if is_shelf else 1.5 * index
            canvas.text(line, start, elbow_y - style.letter * lift, style.letter, style.thin.ink)
    if rng.random() < 0.28:
        control_frame(canvas, style, start, elbow_y + style.letter * 1.3)


def across(canvas, style, x, y, radius):
    """A diameter or radius drawn obliquely through a circle, the text along it or outside."""
    rng = style.rng
    angle = rng.uniform(-80, 80)
    dx, dy = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    reach = radius * rng.choice([1.0, rng.uniform(1.2, 2.2)])
    canvas.line(x - dx * radius, y - dy * radius, x + dx * reach, y + dy * reach, style.thin)
    arrowhead(canvas, style, x + dx * radius, y + dy * radius, dx, dy)
    with canvas.tracked("dimension_text"):
        text = f"\u00d8{style.number(radius)}"
        middle = (reach if reach > radius else radius * 0.5) + style.letter * 0.3
        canvas.text(text, x + dx * middle + dy * style.letter, y + dy * middle - dx * style.letter, style.letter, style.thin.ink, "middle", -angle)


def angular(canvas, style, x, y, radius):
    """An arc with the angle's figure over it."""
    start = style.rng.uniform(180, 300)
    sweep = style.rng.uniform(20, 90)
    canvas.circle(x, y, radius, style.thin, start, start + sweep)
    for angle in (start, start + sweep):
        direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        canvas.path([np.array([x, y]) + direction * radius * 0.5, np.array([x, y]) + direction * radius * 1.1], style.thin)
    middle = np.radians(start + sweep / 2)
    with canvas.tracked("dimension_text"):
        canvas.text(f"{style.rng.integers(5, 120)}\u00b0", x + np.cos(middle) * radius, y + np.sin(middle) * radius - style.letter, style.letter, style.thin.ink, "middle")


def annotate(canvas, style, part, margins, amount):
    """Puts dimensions around a part: rows on its sides, leaders from its holes, and marks."""
    rng = style.rng
    x0, y0, x1, y1 = part.box
    step = style.letter * rng.uniform(2.0, 3.0)
    for side in ("top", "bottom", "left", "right"):
        room = margins[side]
        rows = int(room / step)
        if rows < 1 or rng.random() > amount:
            continue
        vertical = side in ("left", "right")
        sense = -1 if side in ("top", "left") else 1
        feature = {"top": y0, "bottom": y1, "left": x0, "right": x1}[side]
        knots = np.unique(np.round(part.knots_y if vertical else part.knots_x))
        if len(knots) < 2:
            continue
        if rng.random() < 0.1 and len(knots) > 2:
            ordinate(canvas, style, knots[:9], feature + sense * min(room * 0.8, step * 2), feature, vertical)
            continue
        most = min(rows, 3, max(1, int((knots[-1] - knots[0]) / (style.letter * 3))))
        for row in range(int(rng.integers(1, most + 1))):
            level = feature + sense * step * (row + rng.uniform(0.6, 0.95))
            pairs = [(knots[0], knots[-1])] if rng.random() < 0.35 else runs(rng, knots)
            for first, second in pairs:
                linear(canvas, style, first, second, level, feature, vertical)
    for x, y, radius in part.circles[: rng.integers(0, 4)]:
        if rng.random() < 0.4 and radius > style.letter * 2:
            across(canvas, style, x, y, radius)
            continue
        side = rng.choice([-1, 1])
        elbow_x = (x1 + margins["right"] * rng.uniform(0, 0.3)) if side > 0 else (x0 - margins["left"] * rng.uniform(0, 0.3))
        if rng.random() < 0.4:
            elbow_x = x + side * (radius + style.letter * rng.uniform(1, 5))
        elbow_y = y + rng.choice([-1, 1]) * (radius + style.letter * rng.uniform(1.5, 6))
        leader(canvas, style, x + side * radius * 0.7, y, elbow_x, elbow_y)
    add_marks(canvas, style, part, margins)


def runs(rng, knots):
    """Some intervals between features, in a chain or alone."""
    if rng.random() < 0.4:
        count = int(rng.integers(1, min(4, len(knots) - 1) + 1))
        start = int(rng.integers(0, len(knots) - count))
        return list(zip(knots[start : start + count], knots[start + 1 : start + count + 1]))
    first = int(rng.integers(0, len(knots) - 1))
    return [(knots[first], knots[int(rng.integers(first + 1, len(knots)))])]


def add_marks(canvas, style, part, margins):
    rng = style.rng
    x0, y0, x1, y1 = part.box
    if rng.random() < 0.25:
        datum(canvas, style, rng.uniform(x0, x1), y1, (0, 1))
    if rng.random() < 0.12:
        datum(canvas, style, x1, rng.uniform(y0, y1), (1, 0))
    if rng.random() < 0.18:
        surface_texture(canvas, style, rng.uniform(x0, x1), y0)
    if rng.random() < 0.25:
        width = control_frame(canvas, style, x0 - margins["left"] * 0.5, y0 - max(style.letter * 2, margins["top"] * 0.7))
        canvas.line(x0 - margins["left"] * 0.5 + width, y0 - margins["top"] * 0.7, x0 + (x1 - x0) * 0.2, y0, style.thin)
    if rng.random() < 0.08:
        weld(canvas, style, rng.uniform(x0, x1), rng.uniform(y0, y1), x1 + margins["right"] * 0.2, y0 - margins["top"] * 0.3)
    if rng.random() < 0.1 and margins["right"] > style.letter * 4:
        angular(canvas, style, x1, y0, min(margins["right"], (y1 - y0) * 0.4))
