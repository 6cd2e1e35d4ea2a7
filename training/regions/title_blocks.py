"""Title blocks: boxes of labelled cells, cut at random or after the habits of a standard."""

import numpy as np

from canvas import Pen
from logos import draw_logo


def plan_title_block(rng, style, space):
    """Where in the drawing space the block lies: a corner box, a strip along the foot, or a right column."""
    x0, y0, x1, y1 = space
    width, height = x1 - x0, y1 - y0
    unit = max(width, height) / 400
    kind = rng.choice(["corner", "strip", "column", "left"], p=[0.74, 0.16, 0.07, 0.03])
    if kind == "column":
        wide = width * rng.uniform(0.1, 0.22)
        top = y0 if rng.random() < 0.7 else y0 + height * rng.uniform(0.2, 0.5)
        return (x1 - wide, top, x1, y1)
    tall = unit * rng.uniform(18, 75)
    if kind == "strip":
        return (x0, y1 - min(tall, height * 0.3), x1, y1)
    wide = min(width * rng.uniform(0.95, 1), unit * rng.uniform(100, 280)) if rng.random() < 0.85 else width
    wide = max(wide, width * 0.25)
    tall = min(tall, height * 0.35, wide * 0.8)
    if kind == "left":
        return (x0, y1 - tall, x0 + wide, y1)
    inset = unit * rng.uniform(2, 6) if rng.random() < 0.06 else 0
    return (x1 - wide - inset, y1 - tall - inset, x1 - inset, y1 - inset)


def draw_title_block(canvas, style, box):
    """Rules the block and fills its cells."""
    rng = style.rng
    grey = rng.random() < 0.08
    thin = Pen(rng.uniform(140, 200) if grey else style.thin.ink if rng.random() < 0.5 else style.thick.ink, 1)
    outer = thin if grey or rng.random() < 0.4 else style.thick
    with canvas.tracked("title_block"):
        if rng.random() < 0.1:
            stepped(canvas, style, box, thin, outer)
            return
        canvas.rectangle(box, outer)
        habit = rng.random()
        if habit < 0.3:
            cut(canvas, style, box, thin, 0)
            return
        parts = columns_of(rng, box)
        for index, part in enumerate(parts):
            canvas.rectangle(part, outer if rng.random() < 0.5 else thin)
            filler = [signatures, tolerances, cut, cut][rng.integers(4)] if index < len(parts) - 1 else cut
            filler(canvas, style, part, thin, 1)


def stepped(canvas, style, box, pen, outer):
    """Two boxes side by side of which one is lower; the region is the box around both."""
    rng = style.rng
    x0, y0, x1, y1 = box
    middle = x0 + (x1 - x0) * rng.uniform(0.3, 0.7)
    lowered = y0 + (y1 - y0) * rng.uniform(0.2, 0.6)
    tops = (lowered, y0) if rng.random() < 0.6 else (y0, lowered)
    for part in ((x0, tops[0], middle, y1), (middle, tops[1], x1, y1)):
        canvas.rectangle(part, outer)
        [signatures, tolerances, cut, cut][rng.integers(4)](canvas, style, part, pen, 1)


def columns_of(rng, box):
    """Two to four parts side by side, or stacked in a narrow column."""
    x0, y0, x1, y1 = box
    count = int(rng.integers(2, 5))
    shares = np.cumsum(rng.uniform(0.5, 1.5, count))
    edges = np.concatenate([[0], shares / shares[-1]])
    if y1 - y0 > (x1 - x0) * 1.2:
        return [(x0, y0 + (y1 - y0) * a, x1, y0 + (y1 - y0) * b) for a, b in zip(edges[:-1], edges[1:])]
    return [(x0 + (x1 - x0) * a, y0, x0 + (x1 - x0) * b, y1) for a, b in zip(edges[:-1], edges[1:])]


def cut(canvas, style, box, pen, depth):
    """Halves a box again and again until cells are small, then writes into them."""
    rng = style.rng
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    least = style.letter * 1.8
    can_side, can_stack = width > least * 4, height > least * 2
    if depth > 5 or not (can_side or can_stack) or (depth > 1 and rng.random() < 0.22):
        cell(canvas, style, box, pen)
        return
    share = rng.uniform(0.3, 0.7)
    if can_stack and (not can_side or rng.random() < (0.65 if height * 3 > width else 0.3)):
        middle = y0 + height * share
        canvas.line(x0, middle, x1, middle, pen)
        halves = [(x0, y0, x1, middle), (x0, middle, x1, y1)]
    else:
        middle = x0 + width * share
        canvas.line(middle, y0, middle, y1, pen)
        halves = [(x0, y0, middle, y1), (middle, y0, x1, y1)]
    for half in halves:
        cut(canvas, style, half, pen, depth + 1)


def cell(canvas, style, box, pen):
    """A label in the corner and a value, a big title, a logo or nothing."""
    rng = style.rng
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    lettering = canvas.lettering
    small = min(style.letter * rng.uniform(0.55, 0.8), height * 0.4)
    if width > style.letter * 5 and height > style.letter * 4 and rng.random() < 0.3:
        draw_logo(canvas, style, (x0 + width * 0.12, y0 + height * 0.15, x1 - width * 0.12, y1 - height * 0.15))
        return
    if rng.random() < 0.05 and height > style.letter * 2.5:
        projection_sign(canvas, style, (x0 + x1) / 2, (y0 + y1) / 2, min(width * 0.4, height * 0.6), pen)
        return
    has_label = rng.random() < 0.8 and small > 3
    if has_label:
        label = lettering.label()[: max(1, int(width / (small * 0.72)))]
        canvas.text(label, x0 + small * 0.5, y0 + small * 0.9, small, min(style.thin.ink, 90))
    if rng.random() < 0.2:
        return
    text = lettering.title() if height > style.letter * 3 and rng.random() < 0.7 else lettering.value()
    room = height - (small * 1.6 if has_label else 0)
    size = min(room * rng.uniform(0.35, 0.75), style.letter * rng.choice([1.0, 1.5, 2.5]), width / (0.75 * max(len(text), 1)))
    if size > 3:
        middle = y1 - room / 2
        if rng.random() < 0.6:
            canvas.text(text, (x0 + x1) / 2, middle, size, style.thick.ink, "middle")
        else:
            canvas.text(text, x0 + small, middle, size, style.thick.ink)


def signatures(canvas, style, box, pen, depth):
    """Rows of role, name, date; often empty."""
    rng = style.rng
    x0, y0, x1, y1 = box
    rows = int(np.clip((y1 - y0) / (style.letter * rng.uniform(1.5, 2.4)), 2, 12))
    columns = int(rng.integers(3, 7))
    edges = x0 + (x1 - x0) * np.linspace(0, 1, columns + 1)
    pitch = (y1 - y0) / rows
    size = min(pitch * 0.55, style.letter * 0.8)
    filled = rng.uniform(0.1, 0.8)
    for row in range(rows):
        top = y0 + row * pitch
        canvas.line(x0, top, x1, top, pen)
        for index in range(columns):
            left, right = edges[index], edges[index + 1]
            if row == 0:
                canvas.line(left, y0, left, y1, pen)
            if size > 3 and rng.random() < (0.85 if index == 0 else filled):
                text = canvas.lettering.label() if index == 0 or row == 0 else canvas.lettering.value()
                canvas.text(text[: max(1, int((right - left) / (size * 0.8)))], left + size * 0.3, top + pitch / 2, size, pen.ink)


def tolerances(canvas, style, box, pen, depth):
    """Lines of small print with a few cells under them."""
    rng = style.rng
    x0, y0, x1, y1 = box
    size = min(style.letter * 0.7, (y1 - y0) / 6)
    if size < 3:
        return
    end = y0 + (y1 - y0) * rng.uniform(0.5, 1.0)
    y = y0 + size
    while y < end - size * 0.8:
        text = canvas.lettering.sentence(2, 6)[: max(1, int((x1 - x0) / (size * 0.8)))]
        canvas.text(text, x0 + size * rng.choice([0.5, 0.5, 2]), y, size, min(pen.ink, 100))
        y += size * rng.uniform(1.4, 1.7)
    if y1 - end > size * 2.5:
        canvas.line(x0, end, x1, end, pen)
        cut(canvas, style, (x0, end, x1, y1), pen, 3)


def projection_sign(canvas, style, x, y, size, pen):
    """The truncated cone of first or third angle projection."""
    half = size / 2
    canvas.path([(x - half, y - half * 0.5), (x, y - half * 0.25), (x, y + half * 0.25), (x - half, y + half * 0.5)], pen, closed=True)
    canvas.circle(x + half * 0.6, y, half * 0.5, pen)
    canvas.circle(x + half * 0.6, y, half * 0.25, pen)
