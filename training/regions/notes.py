"""Blocks of free text: numbered notes, remarks, copyright prose, the centred lines of plain sheets."""

HEADINGS = ["NOTES:", "NOTES", "GENERAL NOTES:", "NOTE:", "Hinweise:", "UNLESS OTHERWISE SPECIFIED:", "Remarks"]


def plan_notes(rng, style, lettering):
    """The lines of a block, their size and pitch; gives the block's extent as well."""
    kind = rng.choice(["numbered", "plain", "centred", "single"], p=[0.36, 0.32, 0.12, 0.2])
    size = style.letter * (rng.uniform(1.0, 1.9) if kind == "centred" else rng.uniform(0.7, 1.25))
    words = rng.choice([rng.integers(2, 6), rng.integers(4, 11)])
    count = {"numbered": rng.choice([rng.integers(2, 7), rng.integers(5, 16)]), "plain": rng.integers(2, 14), "centred": rng.integers(2, 8), "single": rng.choice([1, 1, 2])}[kind]
    lines = []
    if kind == "numbered" and rng.random() < 0.65:
        lines.append("\u4e00" * 4 if lettering.script == "cjk" else str(rng.choice(HEADINGS)))
    marker = rng.choice(["{}.", "{})", "{}", "{}."])
    number = 0
    spacious = rng.random() < 0.12
    for index in range(int(count)):
        text = lettering.sentence(max(2, words - 2), words + 1)
        if kind == "numbered":
            if index == 0 or rng.random() < 0.8:
                number += 1
                text = f"{marker.format(number)} {text}"
                if spacious and index:
                    lines.append("")
            else:
                text = f"    {text}"
        if kind == "plain" and rng.random() < 0.15 and lines and lines[-1]:
            lines.append("")
        lines.append(text)
    pitch = size * rng.uniform(1.35, 2.0)
    if spacious:
        pitch = size * 1.4
    return {"lines": lines, "size": size, "pitch": pitch, "centred": kind == "centred", "heading_scale": rng.choice([1.0, 1.3])}


def notes_size(plan, lettering):
    widths = [lettering.mask(line, plan["size"]).shape[1] for line in plan["lines"] if line]
    return max(widths), plan["pitch"] * len(plan["lines"])


def draw_notes(canvas, style, plan, x, y, width):
    """Writes the block with its upper left corner at (x, y)."""
    with canvas.tracked("notes"):
        for index, line in enumerate(plan["lines"]):
            if not line:
                continue
            middle = y + plan["pitch"] * (index + 0.5)
            if plan["centred"]:
                canvas.text(line, x + width / 2, middle, plan["size"], style.thick.ink, "middle")
            else:
                canvas.text(line, x, middle, plan["size"], style.thick.ink)
    return x, y, x + width, y + plan["pitch"] * len(plan["lines"])
