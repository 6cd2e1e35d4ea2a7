"""Drawing frames: single, double with zones, with a filing margin, fold marks or none.

The region is the inner frame: the border of the space that the drawing may use.
"""

import numpy as np

from canvas import Pen


def draw_frame(canvas, style, has_frame):
    """Draws a frame of a random standard; gives the drawing space, which exists without a frame too."""
    rng = style.rng
    width, height = canvas.size
    unit = max(width, height) / 420
    margin = {side: unit * rng.uniform(3, 14) for side in ("left", "top", "right", "bottom")}
    if rng.random() < 0.6:
        margin = dict.fromkeys(margin, margin["top"])
    if rng.random() < 0.5:
        margin["left"] = max(margin["left"], unit * rng.uniform(12, 28))
    box = (margin["left"], margin["top"], width - margin["right"], height - margin["bottom"])
    if not has_frame:
        return (unit * 6, unit * 6, width - unit * 6, height - unit * 6)
    grey = rng.random() < 0.12
    pen = Pen(rng.uniform(140, 200) if grey else style.thick.ink, int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2])))
    thin = Pen(pen.ink, 1)
    canvas.rectangle(box, pen)
    canvas.region("frame", box)
    if rng.random() < 0.5 and min(margin.values()) > unit * 6:
        zones(canvas, style, box, margin, unit, thin, rng.random() < 0.6)
    elif rng.random() < 0.2:
        out = min(margin.values()) * rng.uniform(0.3, 0.9)
        canvas.rectangle((box[0] - out, box[1] - out, box[2] + out, box[3] + out), thin)
    if rng.random() < 0.25:
        centre_marks(canvas, box, unit, pen)
    if rng.random() < 0.15:
        trim_marks(canvas, unit, thin)
    if margin["left"] > unit * 15 and rng.random() < 0.4:
        filing_column(canvas, style, box, unit, pen)
    if rng.random() < 0.1:
        number_box(canvas, style, box, unit, pen)
    if rng.random() < 0.15:
        canvas.text(f"{canvas.lettering.number()}.dwg", box[0] + unit * 5, height - margin["bottom"] * 0.5, style.letter * 0.8, thin.ink)
    if rng.random() < 0.1:
        scale_bar(canvas, box, unit, thin)
    return box


def zones(canvas, style, box, margin, unit, thin, has_outer):
    """Letters and figures along the border, with ticks and sometimes an outer line."""
    rng = style.rng
    depth = min(min(margin.values()) * 0.8, unit * rng.uniform(5, 9))
    x0, y0, x1, y1 = box
    if has_outer:
        canvas.rectangle((x0 - depth, y0 - depth, x1 + depth, y1 + depth), thin)
    columns, rows = int(rng.choice([2, 4, 6, 8, 12])), int(rng.choice([2, 4, 6, 8]))
    size = depth * rng.uniform(0.35, 0.6)
    sideways = rng.random() < 0.2
    for index in range(columns):
        x = x0 + (x1 - x0) * (index + 0.5) / columns
        for y in (y0 - depth / 2, y1 + depth / 2):
            canvas.text(str(columns - index), x, y, size, thin.ink, "middle", 90 if sideways else 0)
        if index:
            edge = x0 + (x1 - x0) * index / columns
            canvas.line(edge, y0, edge, y0 - depth, thin)
            canvas.line(edge, y1, edge, y1 + depth, thin)
    for index in range(rows):
        y = y0 + (y1 - y0) * (index + 0.5) / rows
        for x in (x0 - depth / 2, x1 + depth / 2):
            canvas.text("ABCDEFGH"[index], x, y, size, thin.ink, "middle")
        if index:
            edge = y0 + (y1 - y0) * index / rows
            canvas.line(x0, edge, x0 - depth, edge, thin)
            canvas.line(x1, edge, x1 + depth, edge, thin)


def centre_marks(canvas, box, unit, pen):
    x0, y0, x1, y1 = box
    reach = unit * 7
    for x in (x0, x1):
        canvas.line(x - reach, (y0 + y1) / 2, x + reach, (y0 + y1) / 2, pen)
    for y in (y0, y1):
        canvas.line((x0 + x1) / 2, y - reach, (x0 + x1) / 2, y + reach, pen)


def trim_marks(canvas, unit, pen):
    width, height = canvas.size
    reach = unit * 20
    for x, dx in ((1, 1), (width - 2, -1)):
        for y, dy in ((1, 1), (height - 2, -1)):
            canvas.path([(x + dx * reach, y), (x, y), (x, y + dy * reach)], pen)


def filing_column(canvas, style, box, unit, pen):
    """The narrow columns left of a GOST frame."""
    x0, _, _, y1 = box
    wide = unit * 12
    top = y1 - unit * style.rng.uniform(100, 145)
    edges = np.linspace(y1, top, style.rng.integers(4, 7))
    canvas.rectangle((x0 - wide, top, x0, y1), pen)
    canvas.line(x0 - wide * 0.6, top, x0 - wide * 0.6, y1, pen)
    for y in edges:
        canvas.line(x0 - wide, y, x0, y, pen)


def number_box(canvas, style, box, unit, pen):
    """The drawing number upside down in the upper left corner."""
    x0, y0, _, _ = box
    wide, tall = unit * 70, unit * 14
    canvas.path([(x0 + wide, y0), (x0 + wide, y0 + tall), (x0, y0 + tall)], pen)
    canvas.text(canvas.lettering.number(), x0 + wide / 2, y0 + tall / 2, style.letter * 1.4, pen.ink, "middle", 180)


def scale_bar(canvas, box, unit, pen):
    x, y = (box[0] + box[2]) / 2 - unit * 50, box[3]
    canvas.line(x, y + unit * 4, x + unit * 100, y + unit * 4, pen)
    for step in range(11):
        canvas.line(x + unit * 10 * step, y, x + unit * 10 * step, y + unit * 4, pen)
