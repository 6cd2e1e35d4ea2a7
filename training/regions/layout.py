"""Places title block, tables, notes and views on a sheet so that they rarely overlap."""

import numpy as np

from logos import draw_logo
from marks import control_frame, surface_texture
from notes import draw_notes, notes_size, plan_notes
from tables import draw_table, plan_table, table_size
from title_blocks import draw_title_block, plan_title_block
from views import draw_assembly, draw_view

GRID = 48


class Space:
    """Which parts of the drawing space are taken, on a coarse grid."""

    def __init__(self, box):
        self.box = box
        self.taken = np.zeros((GRID, GRID), bool)

    def cells(self, box, pad=0.0):
        x0, y0, x1, y1 = self.box
        left = int(np.floor((box[0] - pad - x0) / (x1 - x0) * GRID))
        top = int(np.floor((box[1] - pad - y0) / (y1 - y0) * GRID))
        right = int(np.ceil((box[2] + pad - x0) / (x1 - x0) * GRID))
        bottom = int(np.ceil((box[3] + pad - y0) / (y1 - y0) * GRID))
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))

    def take(self, box, pad=0.0):
        self.taken[self.cells(box, pad)] = True

    def is_free(self, box, pad=0.0):
        x0, y0, x1, y1 = self.box
        inside = box[0] >= x0 and box[1] >= y0 and box[2] <= x1 and box[3] <= y1
        return inside and not self.taken[self.cells(box, pad)].any()

    def largest_hole(self):
        """The largest free rectangle, in pixels."""
        best, area = None, 0
        heights = np.zeros(GRID, int)
        for row in range(GRID):
            heights = np.where(self.taken[row], 0, heights + 1)
            for column in range(GRID):
                least = heights[column]
                for end in range(column, GRID):
                    least = min(least, heights[end])
                    if not least:
                        break
                    if least * (end - column + 1) > area:
                        area = least * (end - column + 1)
                        best = (column, row - least + 1, end + 1, row + 1)
        if best is None:
            return None
        x0, y0, x1, y1 = self.box
        return (x0 + (x1 - x0) * best[0] / GRID, y0 + (y1 - y0) * best[1] / GRID, x0 + (x1 - x0) * best[2] / GRID, y0 + (y1 - y0) * best[3] / GRID)


def fill_sheet(canvas, style, inner):
    """Draws everything inside the frame."""
    rng = style.rng
    space = Space(inner)
    pad = style.letter * 0.8
    title = None
    if rng.random() < 0.9:
        title = plan_title_block(rng, style, inner)
        draw_title_block(canvas, style, title)
        space.take(title, pad * 0.5)
    place_tables(canvas, style, space, title, pad)
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.25, 0.45, 0.2, 0.1])):
        place_notes(canvas, style, space, title, pad)
    if rng.random() < 0.15:
        surface_texture(canvas, style, inner[2] - style.letter * 9, inner[1] + style.letter * 5, 1.5)
        space.take((inner[2] - style.letter * 11, inner[1], inner[2], inner[1] + style.letter * 6))
    if rng.random() < 0.05:
        scatter_logo(canvas, style, space)
    place_views(canvas, style, space, pad)
    if rng.random() < 0.1:
        x, y = rng.uniform(inner[0], inner[2] - style.letter * 12), rng.uniform(inner[1], inner[3])
        if space.is_free((x, y - style.letter, x + style.letter * 12, y + style.letter * 2)):
            control_frame(canvas, style, x, y)
    if rng.random() < 0.2:
        place_notes(canvas, style, space, title, pad)


def place_tables(canvas, style, space, title, pad):
    rng = style.rng
    x0, y0, x1, y1 = space.box
    for kind, chance in (("revision", 0.42), ("bom", 0.3), ("hole", 0.12), ("parameter", 0.14)):
        if rng.random() > chance:
            continue
        for _ in range(4):
            plan = plan_table(rng, style, kind)
            width, height = table_size(plan)
            if width > (x1 - x0) * 0.7 or height > (y1 - y0) * 0.75:
                continue
            gap = rng.choice([0.0, 0.0, style.letter * rng.uniform(0.5, 3)])
            spots = [(x1 - width - gap, y0 + gap), (x0 + gap, y0 + gap), (x0 + gap, y1 - height - gap), (rng.uniform(x0, x1 - width), rng.uniform(y0, y1 - height))]
            chances = {"revision": [0.8, 0.08, 0.07, 0.05]}.get(kind, [0.4, 0.25, 0.15, 0.2])
            spot, upward = spots[rng.choice(4, p=chances)], False
            if kind == "bom" and title and rng.random() < 0.6 and title[1] - height > y0:
                if rng.random() < 0.5 and title[2] - title[0] < (x1 - x0) * 0.75:
                    plan["widths"] *= (title[2] - title[0]) / width
                    width = title[2] - title[0]
                spot, upward = (title[2] - width, title[1] - height), rng.random() < 0.5
                if spot[0] < x0:
                    continue
                draw_table(canvas, style, plan, *spot, upward)
                space.take((*spot, spot[0] + width, spot[1] + height), pad * 0.5)
                break
            box = (*spot, spot[0] + width, spot[1] + height)
            if space.is_free((box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1)):
                draw_table(canvas, style, plan, *spot, upward)
                space.take(box, pad * 0.5)
                break


def place_notes(canvas, style, space, title, pad):
    rng = style.rng
    x0, y0, x1, y1 = space.box
    for _ in range(5):
        plan = plan_notes(rng, style, canvas.lettering)
        width, height = notes_size(plan, canvas.lettering)
        if width > (x1 - x0) * 0.8 or height > (y1 - y0) * 0.8:
            continue
        gap = style.letter * rng.uniform(0.8, 4)
        spots = [(x0 + gap, y0 + gap), (x0 + gap, y1 - height - gap), (x1 - width - gap, y0 + gap), (rng.uniform(x0, x1 - width), y1 - height - gap), (rng.uniform(x0, x1 - width), rng.uniform(y0, y1 - height))]
        if title:
            spots += [(title[0] + rng.uniform(0, 1) * gap, title[1] - height - gap), (title[2] - width - gap, title[1] - height - gap)]
            spots += [(title[0] - width - gap, y1 - height - gap)] * 2
        spot = spots[rng.integers(len(spots))]
        box = (*spot, spot[0] + width, spot[1] + height)
        if space.is_free(box):
            draw_notes(canvas, style, plan, *spot, width)
            space.take(box, pad)
            return


def scatter_logo(canvas, style, space):
    rng = style.rng
    x0, y0, x1, y1 = space.box
    size = (x1 - x0) * rng.uniform(0.05, 0.12)
    x, y = rng.uniform(x0, x1 - size), rng.uniform(y0, y1 - size)
    if space.is_free((x, y, x + size, y + size)):
        draw_logo(canvas, style, (x, y, x + size, y + size))
        space.take((x, y, x + size, y + size))


def place_views(canvas, style, space, pad):
    """Fills the largest holes with views."""
    rng = style.rng
    letters = list("ABCDEFGH")
    amount = rng.choice([0.0, rng.uniform(0.3, 0.7), rng.uniform(0.6, 1.0)], p=[0.06, 0.2, 0.74])
    for turn in range(rng.choice([1, 2, 3], p=[0.5, 0.37, 0.13])):
        hole = space.largest_hole()
        if hole is None:
            return
        width, height = hole[2] - hole[0], hole[3] - hole[1]
        if min(width, height) < style.letter * 10:
            return
        space.take(hole)
        if turn and rng.random() < 0.15:
            continue
        hole = shrunk(rng, hole, style.letter)
        if rng.random() < 0.07:
            draw_assembly(canvas, style, hole, int(rng.integers(3, 14)))
        elif turn == 0 and rng.random() < 0.48:
            projections(canvas, style, hole, amount, letters)
        else:
            grid_of_views(canvas, style, hole, amount, letters, turn)


def shrunk(rng, box, least):
    x0, y0, x1, y1 = box
    inset = least * rng.uniform(0.3, 1.5)
    return x0 + inset, y0 + inset, x1 - inset, y1 - inset


def split(rng, low, high, count):
    shares = np.cumsum(rng.uniform(0.4, 1.6, count))
    return low + (high - low) * np.concatenate([[0], shares / shares[-1]])


def grid_of_views(canvas, style, hole, amount, letters, turn):
    """Rows of independent views; some cells stay empty."""
    rng = style.rng
    x0, y0, x1, y1 = hole
    least = style.letter * rng.uniform(10, 22)
    rows = int(np.clip(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]), 1, max(1, (y1 - y0) // least)))
    for top, bottom in zip(*(lambda edges: (edges[:-1], edges[1:]))(split(rng, y0, y1, rows))):
        columns = int(np.clip(rng.choice([1, 2, 3, 4], p=[0.28, 0.38, 0.22, 0.12]), 1, max(1, (x1 - x0) // least)))
        edges = split(rng, x0, x1, columns)
        for left, right in zip(edges[:-1], edges[1:]):
            if rng.random() < 0.1 and rows * columns > 1:
                continue
            gap = style.letter * rng.uniform(0.6, 2.5)
            cell = (left + gap, top + gap, right - gap, bottom - gap)
            if min(cell[2] - cell[0], cell[3] - cell[1]) < style.letter * 6:
                continue
            kind = str(rng.choice(["front", "section", "detail", "isometric"], p=[0.6, 0.14, 0.1, 0.16]))
            draw_view(canvas, style, cell, kind, amount, letters[rng.integers(len(letters))])


def projections(canvas, style, hole, amount, letters):
    """Front, side and top view whose edges line up, and often a pictorial view in the fourth corner."""
    rng = style.rng
    x0, y0, x1, y1 = hole
    column, row = x0 + (x1 - x0) * rng.uniform(0.45, 0.7), y0 + (y1 - y0) * rng.uniform(0.4, 0.65)
    space = style.letter * rng.uniform(2, 8)
    share = min(space, (column - x0) * 0.22, (row - y0) * 0.22, (x1 - column) * 0.28, (y1 - row) * 0.28)
    front = (x0 + share, y0 + share, column - share, row - share)
    side_width = (x1 - column - 2 * share) * rng.uniform(0.15, 1)
    side = (column + share, front[1], column + share + side_width, front[3])
    tall = (y1 - row - 2 * share) * rng.uniform(0.2, 1)
    top = (front[0], row + share, front[2], row + share + tall)
    gap = style.letter * 0.5
    draw_view(canvas, style, (x0, y0, column - gap, row - gap), "front", amount, letters[0], front)
    if rng.random() < 0.85:
        draw_view(canvas, style, (column + gap, y0, x1, row - gap), str(rng.choice(["front", "section"], p=[0.75, 0.25])), amount, letters[0], side)
    if rng.random() < 0.75:
        draw_view(canvas, style, (x0, row + gap, column - gap, y1), str(rng.choice(["front", "section"], p=[0.8, 0.2])), amount, letters[1], top)
    if rng.random() < 0.6:
        draw_view(canvas, style, (column + gap, row + gap, x1, y1), str(rng.choice(["isometric", "detail"], p=[0.75, 0.25])), amount, letters[2])
