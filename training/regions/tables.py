"""Ruled tables: revisions, parts lists, hole tables, parameters."""

import numpy as np

from canvas import Pen

HEADS = {
    "revision": ["REV", "DESCRIPTION", "DATE", "APPROVED", "ZONE", "ECN", "BY", "SIGNATURE"],
    "bom": ["ITEM", "QTY", "PART NUMBER", "DESCRIPTION", "MATERIAL", "WEIGHT", "REMARKS", "Pos."],
    "hole": ["TAG", "X LOC", "Y LOC", "SIZE", "DEPTH"],
    "parameter": ["m", "z", "alpha"],
}
WIDE = {"DESCRIPTION", "PART NUMBER", "REMARKS", "SIZE"}
TITLES = {"revision": ["REVISIONS", "REVISION HISTORY"], "bom": ["PARTS LIST", "BILL OF MATERIALS"], "hole": ["HOLE TABLE"], "parameter": ["GEAR DATA", "PARAMETERS"]}


def plan_table(rng, style, kind):
    """Columns, row count and size of a table, before its place is known."""
    heads = HEADS[kind]
    count = int(rng.integers(3, min(len(heads), 7) + 1)) if kind != "parameter" else int(rng.integers(2, 4))
    heads = heads[:count] if rng.random() < 0.6 else list(rng.permutation(heads)[:count])
    size = style.letter * rng.uniform(0.65, 1.0)
    shares = [rng.uniform(9, 20) if head in WIDE else rng.uniform(3.5, 8) for head in heads]
    rows = {"revision": rng.integers(1, 6), "bom": rng.choice([rng.integers(2, 8), rng.integers(6, 25)]), "hole": rng.integers(3, 25), "parameter": rng.integers(3, 12)}[kind]
    pitch = size * rng.uniform(1.6, 2.6)
    has_title = rng.random() < {"revision": 0.6, "bom": 0.3, "hole": 0.3, "parameter": 0.3}[kind]
    return {
        "kind": kind,
        "heads": heads,
        "widths": np.array(shares) * size,
        "rows": int(rows) + 1 + has_title,
        "pitch": pitch,
        "size": size,
        "has_title": has_title,
        "empty": rng.random() < {"revision": 0.25}.get(kind, 0.03),
    }


def table_size(plan):
    return plan["widths"].sum(), plan["rows"] * plan["pitch"]


def draw_table(canvas, style, plan, x, y, upward=False):
    """Rules and texts; `upward` tables carry their head at the bottom."""
    rng = style.rng
    width, height = table_size(plan)
    edges = x + np.concatenate([[0], np.cumsum(plan["widths"])])
    pen = style.thin if rng.random() < 0.6 else Pen(style.thick.ink, 1)
    outer = pen if rng.random() < 0.5 else style.thick
    lettering = canvas.lettering
    faint_rows = rng.random() < 0.08
    size, pitch, rows = plan["size"], plan["pitch"], plan["rows"]
    centred = rng.random() < 0.6
    with canvas.tracked("table"):
        canvas.rectangle((x, y, x + width, y + height), outer)
        for row in range(rows):
            top = y + (rows - 1 - row if upward else row) * pitch
            if row and not faint_rows:
                edge = top + pitch if upward else top
                canvas.line(x, edge, x + width, edge, pen)
            is_title = plan["has_title"] and row == 0
            if is_title:
                canvas.text(rng.choice(TITLES[plan["kind"]]), x + width / 2, top + pitch / 2, size * 1.1, pen.ink, "middle")
                continue
            is_head = row == plan["has_title"]
            for index, head in enumerate(plan["heads"]):
                left, right = edges[index], edges[index + 1]
                if index:
                    canvas.line(left, top, left, top + pitch, pen)
                if not is_head and (plan["empty"] or rng.random() < 0.06):
                    continue
                text = head if is_head else cell_text(rng, lettering, plan["kind"], head, row)
                if lettering.script == "cjk" and rng.random() < 0.5 and (is_head or head in WIDE):
                    text = "\u4e00" * int(rng.integers(2, 6))
                text = text[: max(1, int((right - left) / (size * 0.72)))]
                middle = top + pitch / 2
                if centred or is_head:
                    canvas.text(text, (left + right) / 2, middle, size, pen.ink, "middle")
                else:
                    canvas.text(text, left + size * 0.4, middle, size, pen.ink)
    return x, y, x + width, y + height


def cell_text(rng, lettering, kind, head, row):
    if kind in ("hole", "parameter"):
        return f"{'ABC'[row % 3]}{row}" if head == "TAG" else f"{rng.uniform(0, 200):.2f}"
    if head in ("ITEM", "QTY", "Pos.", "REV", "ZONE", "ECN"):
        return str(row)
    return lettering.title() if head in WIDE else lettering.value()
