"""The drawing around a text: dimension lines, arrows, frames, hatching, and pieces of neighbouring texts."""

import numpy as np

from typesetting import set_line


def draw_clutter(canvas, line, ink, text, style, rng):
    """Adds to the canvas what may stand around a text; half of the cut-outs stay clean."""
    pen = rng.uniform(0.02, 0.1)
    if line.borders or rng.random() < 0.07:
        frame(canvas, line, ink, pen, rng)
    elif rng.random() < 0.6:
        for draw, share in KINDS:
            if rng.random() < share:
                draw(canvas, ink, pen, rng)
    if text.startswith(("Ra", "Rz", "N")) and rng.random() < 0.3:
        roughness_tick(canvas, ink, pen, rng)
    if rng.random() < 0.12:
        neighbour_line(canvas, ink, style, rng)
    if rng.random() < 0.08:
        neighbour_glyph(canvas, ink, style, rng)
    if rng.random() < 0.03:
        canvas.clutter //= 2


def frame(canvas, line, ink, pen, rng):
    """A box around the text with a line between the cells."""
    left, bottom, right, top = ink
    below, above = bottom - rng.uniform(0.12, 0.6), top + rng.uniform(0.12, 0.6)
    before, after = left - rng.uniform(0.12, 0.6), right + rng.uniform(0.12, 0.6)
    for x in line.borders:
        canvas.stroke([[(x, below), (x, above)]], pen, canvas.clutter)
    canvas.stroke(
        [[(before, below), (after, below), (after, above), (before, above), (before, below)]], pen, canvas.clutter
    )


def line_below(canvas, ink, pen, rng):
    """The dimension line under its figure, sometimes with its arrow or end in sight."""
    left, bottom, right, _ = ink
    y = bottom - rng.uniform(0.02, 0.4)
    start = canvas.left - 1 if rng.random() < 0.7 else rng.uniform(left - 0.3, right)
    end = canvas.right + 1 if rng.random() < 0.7 else rng.uniform(start, right + 0.5)
    canvas.stroke(dashes(start, end, y, rng) if rng.random() < 0.12 else [[(start, y), (end, y)]], pen, canvas.clutter)
    if rng.random() < 0.3:
        arrow_head(canvas, rng.choice([start, end, rng.uniform(left, right)]), y, rng)


def dashes(start, end, y, rng):
    """A centre or bend line: long and short strokes in turn."""
    long, short, gap = rng.uniform(0.5, 3), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.4)
    strokes = []
    while start < end:
        strokes.append([(start, y), (start + long, y)])
        start += long + gap
        long, short = short, long
    return strokes


def line_above(canvas, ink, pen, rng):
    y = ink[3] + rng.uniform(0.02, 0.35)
    canvas.stroke([[(canvas.left - 1, y), (canvas.right + 1, y)]], pen, canvas.clutter)


def arrow_head(canvas, x, y, rng):
    length, half = rng.uniform(0.5, 1.2) * rng.choice([-1, 1]), rng.uniform(0.1, 0.22)
    canvas.fill([[(x, y), (x + length, y + half), (x + length, y - half)]], canvas.clutter)


def strike_through(canvas, ink, pen, rng):
    """A line through the text, or ending in a gap around it."""
    left, bottom, right, top = ink
    y = rng.uniform(bottom, top) if rng.random() < 0.4 else (bottom + top) / 2 + rng.normal(0, 0.05)
    if rng.random() < 0.75:
        away = rng.uniform(0.08, 0.4)
        canvas.stroke(
            [[(canvas.left - 1, y), (left - away, y)], [(right + away, y), (canvas.right + 1, y)]], pen, canvas.clutter
        )
    else:
        start = canvas.left - 1 if rng.random() < 0.5 else rng.uniform(left, right)
        canvas.stroke([[(start, y), (canvas.right + 1, y)]], rng.uniform(0.5, 1) * pen, canvas.clutter)


def upright_line(canvas, ink, pen, rng):
    """An extension line that crosses the text or the margin."""
    x, lean = rng.uniform(ink[0], ink[2]), rng.normal(0, 0.03)
    low = canvas.bottom - 1 if rng.random() < 0.7 else rng.uniform(ink[1], ink[3])
    canvas.stroke([[(x, low), (x + lean, canvas.top + 1)]], rng.uniform(0.4, 1) * pen, canvas.clutter)


def edge_line(canvas, ink, pen, rng):
    """A border beside the text."""
    away = rng.uniform(0.06, 0.4)
    x = ink[0] - away if rng.random() < 0.5 else ink[2] + away
    canvas.stroke([[(x, canvas.bottom - 1), (x, canvas.top + 1)]], pen, canvas.clutter)


def oblique_line(canvas, ink, pen, rng):
    x, reach = rng.uniform(canvas.left, canvas.right), rng.uniform(-3, 3)
    canvas.stroke(
        [[(x, canvas.bottom - 0.2), (x + reach, canvas.top + 0.2)]], rng.uniform(0.4, 1) * pen, canvas.clutter
    )


def hatching(canvas, ink, pen, rng):
    step, lean = rng.uniform(0.35, 1.2), rng.choice([-1, 1])
    height = canvas.top - canvas.bottom
    strokes = []
    for x in np.arange(canvas.left - height, canvas.right + height, step):
        strokes.append([(x, canvas.bottom), (x + lean * height, canvas.top)])
    canvas.stroke(strokes, 0.02, canvas.clutter, int(rng.integers(60, 200)))


def arrow_beside(canvas, ink, pen, rng):
    """The arrow of a dimension line that ends near the text."""
    side, y = rng.choice([0, 2]), rng.uniform(ink[1], ink[3])
    x = ink[side] + (rng.uniform(0.1, 0.5) if side else -rng.uniform(0.1, 0.5))
    arrow_head(canvas, x, y, rng)


def arrow_through(canvas, ink, pen, rng):
    """A short dimension's arrow and extension line that lie over the text."""
    x, y = rng.uniform(ink[0], ink[2] + 0.3), rng.uniform(ink[1] - 0.3, ink[3])
    arrow_head(canvas, x, y, rng)
    away = rng.choice([-1, 1]) * rng.uniform(0.5, 8)
    canvas.stroke([[(x, y), (x + away, y)], [(x, canvas.bottom - 1), (x, y + 0.3)]], pen, canvas.clutter)


def roughness_tick(canvas, ink, pen, rng):
    left, bottom, right, top = ink
    x, low = left - rng.uniform(0.1, 0.5), bottom - rng.uniform(0.2, 0.8)
    high = top + rng.uniform(0.1, 0.3)
    lean = rng.uniform(0.4, 0.7)
    strokes = [[(x - 2 * lean, (low + high) / 2), (x - lean, low), (x, high), (right + 0.3, high)]]
    canvas.stroke(strokes, pen, canvas.clutter)


def neighbour_line(canvas, ink, style, rng):
    """The text above or below, of which the detector's box shows the edge only."""
    text = "".join(rng.choice(list("0123456789.,+-RTHEDN"), rng.integers(2, 8)))
    line = set_line(text, style, rng)
    if line is None:
        return
    shown = rng.uniform(0.0, 0.28) * (canvas.top - canvas.bottom)
    if rng.random() < 0.5:
        rise = min(canvas.bottom + shown, ink[1] - 0.08) - 1.0
    else:
        rise = max(canvas.top - shown, ink[3] + 0.08)
    move(line, rng.uniform(ink[0] - 0.5, ink[2]), rise)
    canvas.line(line, style, canvas.clutter)


def neighbour_glyph(canvas, ink, style, rng):
    """A piece of the character that stands before or after the cut-out."""
    line = set_line(str(rng.choice(list("0358ABDEHMRX"))), style, rng)
    if line is None:
        return
    points = line.points()
    shown = rng.uniform(0.03, 0.3) * np.ptp(points[:, 0])
    if rng.random() < 0.5:
        x = min(canvas.left + shown, ink[0] - 0.15) - points[:, 0].max()
    else:
        x = max(canvas.right - shown, ink[2] + 0.15) - points[:, 0].min()
    move(line, x, rng.normal(0, 0.2))
    canvas.line(line, style, canvas.clutter)


def move(line, x, y):
    shift = np.float32([x, y])
    line.strokes = [path + shift for path in line.strokes]
    line.fills = [[path + shift for path in fill] for fill in line.fills]


KINDS = [
    (line_below, 0.3),
    (line_above, 0.08),
    (strike_through, 0.13),
    (upright_line, 0.1),
    (edge_line, 0.12),
    (oblique_line, 0.06),
    (hatching, 0.03),
    (arrow_beside, 0.05),
    (arrow_through, 0.05),
]
