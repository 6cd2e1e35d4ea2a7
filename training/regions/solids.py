"""Pictorial views: isometric blocks and cylinders, in lines or shaded."""

import numpy as np

from canvas import ellipse
from parts import Part


def isometric(canvas, style, box):
    """A few stacked blocks and cylinders seen from above, scaled to fill the box."""
    rng = style.rng
    shaded = rng.random() < 0.35
    angle = np.radians(rng.choice([30, 30, 42, 15]))
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.cos(angle), np.sin(angle)], [0, -1]])
    axes[0] *= rng.choice([1, -1])
    axes[1] *= -np.sign(axes[0, 0])
    shapes = []
    choice = rng.random()
    if choice < 0.3:
        shapes += cylinder(rng, axes)
    elif choice < 0.6:
        shapes += extrusion(rng, axes)
    else:
        base = rng.uniform(0.15, 1, 3)
        shapes += block(axes, np.zeros(3), base)
        for _ in range(rng.integers(0, 4)):
            size = base * rng.uniform(0.15, 0.6, 3)
            place = (base - size) * rng.uniform(0, 1, 3)
            place[2] = base[2]
            shapes += block(axes, place, size)
        shapes += [("ring", axes[0] * base[0] * 0.5 + axes[1] * base[1] * 0.5 + axes[2] * base[2] + ellipse(0, 0, base[:2].min() * rng.uniform(0.1, 0.4), squeeze=0.55), 0.95)]
    return put(canvas, style, box, shapes, shaded)


def block(axes, place, size):
    """Three visible faces of a block."""
    corner = place @ axes
    a, b, c = (axes[i] * size[i] for i in range(3))
    return [
        ("face", np.array([corner, corner + a, corner + a + c, corner + c]), 0.75),
        ("face", np.array([corner, corner + b, corner + b + c, corner + c]), 0.6),
        ("face", np.array([corner + c, corner + a + c, corner + a + b + c, corner + b + c]), 0.9),
    ]


def extrusion(rng, axes):
    """A stepped outline with holes, drawn out by some depth; thin ones look like sheet metal."""
    count = int(rng.integers(1, 5))
    edges = np.concatenate([[0], np.sort(rng.uniform(0, 1, count - 1)), [1]]) * rng.uniform(0.4, 1.6)
    tops = rng.choice([0.3, 0.5, 0.7, 1.0], count)
    flat = [(edges[0], 0.0)]
    for left, right, top in zip(edges[:-1], edges[1:], tops):
        flat += [(left, top), (right, top)]
    flat.append((edges[-1], 0.0))
    depth = axes[1] * rng.choice([0.04, 0.08, rng.uniform(0.1, 0.8)])
    front = np.array(flat) @ np.array([axes[0], axes[2]])
    shapes = [("face", front + depth, 0.6)]
    for first, second in zip(front, np.roll(front, -1, axis=0)):
        shapes.append(("face", np.array([first, second, second + depth, first + depth]), 0.75))
    shapes.append(("face", front, 0.9))
    for left, right, top in zip(edges[:-1], edges[1:], tops):
        for _ in range(rng.integers(0, 3)):
            centre = np.array([rng.uniform(left, right), rng.uniform(0, top)]) @ np.array([axes[0], axes[2]])
            ring = ellipse(0, 0, min(right - left, top) * rng.uniform(0.05, 0.3))
            shapes.append(("ring", centre + ring @ np.array([axes[0], axes[2]]), 0.5))
    return shapes


def cylinder(rng, axes):
    """A tube or rod lying along one axis, of one to three steps."""
    direction = axes[rng.integers(3)]
    turn = np.degrees(np.arctan2(direction[1], direction[0])) + 90
    shapes, start = [], 0.0
    for _ in range(rng.integers(1, 4)):
        radius, length = rng.uniform(0.1, 0.5), rng.uniform(0.2, 1.5)
        near, far = direction * start, direction * (start + length)
        rim = ellipse(0, 0, radius, squeeze=0.5, turn=turn)
        side = np.array([-direction[1], direction[0]]) / np.hypot(*direction) * radius
        shapes += [("face", rim + near, 0.6), ("face", np.array([near + side, far + side, far - side, near - side]), 0.7), ("face", rim + far, 0.85)]
        start += length
    shapes.append(("ring", ellipse(*(direction * start), radius * rng.uniform(0.3, 0.8), squeeze=0.5, turn=turn), 0.4))
    return shapes


def put(canvas, style, box, shapes, shaded):
    points = np.vstack([shape[1] for shape in shapes])
    low, high = points.min(axis=0), points.max(axis=0)
    x0, y0, x1, y1 = box
    scale = min((x1 - x0) / (high[0] - low[0]), (y1 - y0) / (high[1] - low[1]))
    middle = np.array([x0 + x1, y0 + y1]) / 2
    tone = style.rng.uniform(120, 255)
    for _, outline, light in shapes:
        outline = (outline - (low + high) / 2) * scale + middle
        canvas.fill(outline, tone * light if shaded else 255)
        canvas.path(outline, style.thick, closed=True)
    half = (high - low) * scale / 2
    return Part((*(middle - half), *(middle + half)))
