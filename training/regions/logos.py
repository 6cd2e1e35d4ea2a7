"""Invented company marks: letters in shapes, blots, stripes, gear rims."""

import numpy as np

from parts import teeth


def draw_logo(canvas, style, box):
    """Fills at most a box with a mark and gives it as a region."""
    rng = style.rng
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    size = min(x1 - x0, y1 - y0)
    if size < 8:
        return
    shade = rng.choice([0, rng.uniform(0, 170)])
    word = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTVXZ"), rng.integers(2, 7)))
    kind = rng.integers(5)
    with canvas.tracked("logo"):
        if kind == 0:
            tall = min(size * 0.6, (x1 - x0) / (0.75 * len(word)))
            canvas.fill([(x - tall * 0.4 * len(word), y - tall * 0.8), (x + tall * 0.4 * len(word), y - tall * 0.8), (x + tall * 0.4 * len(word), y + tall * 0.8), (x - tall * 0.4 * len(word), y + tall * 0.8)], shade)
            canvas.text(word, x, y, tall, 255, "middle", face=1)
        elif kind == 1:
            angles = np.linspace(0, 2 * np.pi, 40)
            canvas.fill(np.stack([x + np.cos(angles) * size / 2, y + np.sin(angles) * size / 2], axis=1), shade)
            canvas.text(word[:2], x, y, size * 0.4, 255, "middle", face=1)
        elif kind == 2:
            radius = size * 0.3
            left = max(x0 + radius, x - radius * 2)
            teeth(canvas, style, left, y, radius)
            canvas.text(word, left + radius * 1.3, y, min(size * 0.5, (x1 - left - radius * 1.3) / (0.75 * len(word))), shade, face=1)
        elif kind == 3:
            corners = rng.uniform(-0.5, 0.5, (rng.integers(3, 7), 2)) * size + (x, y)
            canvas.fill(corners, shade)
            canvas.circle(x, y, size * rng.uniform(0.2, 0.5), style.thick)
        else:
            tall = min(size * 0.5, (x1 - x0) / (0.85 * len(word) + 2))
            left = x - tall * (0.4 * len(word) + 0.7)
            canvas.circle(left, y, tall * 0.9, style.thick)
            canvas.fill([(left, y - tall * 0.6), (left + tall * 0.6, y + tall * 0.4), (left - tall * 0.5, y + tall * 0.5)], shade)
            canvas.text(word, left + tall * 1.2, y, tall, shade, face=1)
