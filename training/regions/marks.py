"""Small signs of a drawing: feature control frames, datum flags, surface-texture, weld and section marks."""

import numpy as np


def control_frame(canvas, style, x, y):
    """A row of cells, sometimes two; gives its width."""
    rng = style.rng
    height = style.letter * rng.uniform(1.5, 2.0)
    cells = [height] + [style.letter * rng.uniform(2.5, 5)] + [height] * int(rng.integers(0, 4))
    with canvas.tracked("feature_control_frame"):
        for row in range(rng.choice([1, 2], p=[0.85, 0.15])):
            left, top = x, y - height / 2 + row * height
            for index, width in enumerate(cells):
                canvas.rectangle((left, top, left + width, top + height), style.thin)
                middle = left + width / 2
                if index == 0:
                    characteristic(canvas, style, middle, top + height / 2, height * 0.32)
                else:
                    text = f"\u00d80.{rng.integers(1, 99):02d}" if index == 1 else str(rng.choice(list("ABCDEF")))
                    canvas.text(text, middle, top + height / 2, style.letter, style.thin.ink, "middle")
                left += width
    return sum(cells)


def characteristic(canvas, style, x, y, radius):
    choice = style.rng.integers(4)
    if choice == 0:
        canvas.circle(x, y, radius * 0.7, style.thin)
        canvas.line(x - radius, y, x + radius, y, style.thin)
        canvas.line(x, y - radius, x, y + radius, style.thin)
    elif choice == 1:
        canvas.line(x - radius, y + radius, x, y - radius, style.thin)
        canvas.line(x, y + radius, x + radius, y - radius, style.thin)
    elif choice == 2:
        canvas.line(x - radius, y + radius, x + radius, y + radius, style.thin)
        canvas.line(x, y - radius, x, y + radius, style.thin)
    else:
        canvas.circle(x, y, radius, style.thin)
        canvas.circle(x, y, radius * 0.5, style.thin)


def datum(canvas, style, x, y, direction):
    """A flag: triangle on the part, stem, boxed letter."""
    size = style.letter
    away = np.array(direction, dtype=float)
    side = np.array([-away[1], away[0]])
    foot = np.array([x, y])
    with canvas.tracked("datum"):
        canvas.fill([foot + side * size * 0.5, foot - side * size * 0.5, foot + away * size * 0.8], style.thin.ink)
        centre = foot + away * size * style.rng.uniform(2.2, 4)
        canvas.path([foot, centre - away * size * 0.9], style.thin)
        canvas.rectangle((*(centre - size * 0.9), *(centre + size * 0.9)), style.thin)
        canvas.text(str(style.rng.choice(list("ABCDEFG"))), *centre, size, style.thin.ink, "middle")


def surface_texture(canvas, style, x, y, scale=1.0):
    """The ticked triangle with a roughness value."""
    rng = style.rng
    size = style.letter * scale * rng.uniform(1.0, 1.6)
    text = str(rng.choice(["Ra 3.2", "Ra 1,6", "6.3", "Ra12,5", "Rz 25", "3.2"]))
    with canvas.tracked("surface_texture"):
        canvas.path([(x - size * 0.55, y - size), (x, y), (x + size * 1.1, y - size * 2)], style.thin)
        if rng.random() < 0.7:
            canvas.line(x - size * 0.55, y - size, x + size * 0.55, y - size, style.thin)
        shelf = style.letter * scale * 0.7 * len(text)
        if rng.random() < 0.7:
            canvas.line(x + size * 1.1, y - size * 2, x + size * 1.1 + shelf, y - size * 2, style.thin)
        canvas.text(text, x + size * 1.1, y - size * 2 + style.letter * scale * 0.85, style.letter * scale, style.thin.ink)


def weld(canvas, style, x, y, elbow_x, elbow_y):
    """Arrow, reference line and a fillet triangle with a size."""
    size = style.letter
    side = 1 if elbow_x >= x else -1
    with canvas.tracked("weld"):
        canvas.path([(x, y), (elbow_x, elbow_y), (elbow_x + side * size * 6, elbow_y)], style.thin)
        foot = elbow_x + side * size * 3
        canvas.path([(foot, elbow_y), (foot, elbow_y + size * 1.2), (foot + size * 1.2, elbow_y)], style.thin)
        canvas.text(f"a{style.rng.integers(2, 9)}", foot - size * 1.6, elbow_y + size * 0.8, size, style.thin.ink, "middle")


def balloon(canvas, style, x, y, elbow_x, elbow_y, number):
    """An item number in a circle, or over a shelf, with its leader."""
    radius = style.letter * 1.2
    canvas.line(x, y, elbow_x, elbow_y, style.thin)
    canvas.fill([(x - 2, y - 2), (x + 2, y - 2), (x + 2, y + 2), (x - 2, y + 2)], style.thin.ink)
    side = 1 if elbow_x >= x else -1
    centre = elbow_x + side * radius
    if style.rng.random() < 0.75:
        canvas.circle(centre, elbow_y, radius, style.thin)
    else:
        canvas.line(elbow_x, elbow_y + radius, elbow_x + side * radius * 2, elbow_y + radius, style.thin)
    canvas.text(str(number), centre, elbow_y, style.letter, style.thin.ink, "middle")


def section_arrows(canvas, style, box, letter):
    """A cutting plane through a view: dash-dotted line with arrows and letters at both ends."""
    rng = style.rng
    x0, y0, x1, y1 = box
    reach = style.letter * rng.uniform(1.2, 3)
    size = style.letter * rng.uniform(1.2, 2.0)
    if rng.random() < 0.5:
        x = rng.uniform(x0 + (x1 - x0) * 0.3, x1 - (x1 - x0) * 0.3)
        ends, away = [(x, y0 - reach), (x, y1 + reach)], (rng.choice([-1, 1]), 0)
    else:
        y = rng.uniform(y0 + (y1 - y0) * 0.3, y1 - (y1 - y0) * 0.3)
        ends, away = [(x0 - reach, y), (x1 + reach, y)], (0, rng.choice([-1, 1]))
    if rng.random() < 0.6:
        canvas.path(ends, style.centre)
    for x, y in ends:
        tip = (x + away[0] * size * 1.5, y + away[1] * size * 1.5)
        canvas.path([(x, y), tip], style.thick)
        side = np.array([-away[1], away[0]]) * size * 0.3
        back = np.array([x, y]) + np.array(away) * size * 0.6
        canvas.fill([tip, back + side, back - side], style.thick.ink)
        canvas.text(letter, x - away[0] * size * 0.9 + abs(away[1]) * size, y - away[1] * size * 0.9 - abs(away[0]) * size * 0.2, size, style.thick.ink, "middle")
