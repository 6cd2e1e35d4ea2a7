"""Writes texts as engineers write them: ISO, ASME, DIN, GB and JIS, metric and inch.

`×` stands for a multiplication sign and is folded into `x` in the label; `|` is the border between two frame cells.
"""

import string

from callouts import angle, bend, chamfer, hole, roughness, thread
from figures import choose, count, decimal_mark, gap, maybe, number, small
from notes import note

FORM_SIGNS, PLACE_SIGNS = "⏤⏥○⌭⌒⌓", "∠⊥∥⌖◎⌯↗⌰⌒⌓"


def plain(rng):
    value = number(rng)
    unit = choose(rng, [" mm", "mm", '"', "°", " IN", "'", " kg", " cm", " m"]) if rng.random() < 0.15 else ""
    return value + unit + maybe(rng, 0.08, choose(rng, ["*", "**", "**", " *"]))


def fit(rng):
    grade = rng.integers(4, 14)
    hole = choose(rng, ["H", "H", "H", "G", "F", "E", "D", "JS", "K", "M", "N", "P", "R", "S"])
    shaft = choose(rng, ["h", "h", "g", "f", "e", "d", "js", "k", "m", "n", "p", "r", "s", "u"])
    kind = rng.random()
    if kind < 0.45:
        return f"{hole}{grade}"
    return f"{shaft}{grade}" if kind < 0.85 else f"{hole}{grade}/{shaft}{rng.integers(4, 12)}"


def tolerance(rng, mark=None):
    kind = rng.random()
    if kind < 0.5:
        return f"{gap(rng)}±{gap(rng, 0.15)}{small(rng, mark)}"
    if kind < 0.75:
        return gap(rng) + fit(rng)
    upper = f"{choose(rng, '+-')}{small(rng, mark)}"
    return f"{gap(rng)}{upper}/{choose(rng, '+--')}{small(rng, mark)}"


def diameter(rng):
    mark = decimal_mark(rng)
    lead = maybe(rng, 0.3, count(rng)) + maybe(rng, 0.04, "S")
    body = f"{lead}⌀{gap(rng, 0.25)}{number(rng, mark)}"
    body += maybe(rng, 0.35, tolerance(rng, mark)) + maybe(rng, 0.05, " mm")
    return body + (
        choose(rng, [" THRU", " THRU ALL", "THRU", " DURCH", " TYP", " REF", "*", "**"]) if rng.random() < 0.1 else ""
    )


def radius(rng):
    lead = maybe(rng, 0.2, count(rng)) + choose(rng, ["R", "R", "R", "R", "SR", "R ", "R="])
    return lead + number(rng) + maybe(rng, 0.1, choose(rng, [" TYP", " MAX", " MIN", " TYP.", "max.", " REF"]))


def length_with_tolerance(rng):
    mark = decimal_mark(rng)
    return number(rng, mark) + tolerance(rng, mark)


def deviation(rng):
    if rng.random() < 0.1:
        return choose(rng, ["0", "+0", "-0", "0.0", "0.000", "±0"])
    return choose(rng, "++---") + gap(rng, 0.08) + small(rng)


def limits(rng):
    mark = decimal_mark(rng)
    low, width = rng.uniform(0.1, 200), rng.uniform(0.005, 0.5)
    places = int(rng.integers(1, 5))
    values = [f"{value:.{places}f}".replace(".", mark) for value in (low, low + width)]
    return f"{maybe(rng, 0.4, '⌀')}{choose(rng, [values, values[::-1]])[0]}{choose(rng, '-/~')}{values[1]}"


def reference(rng):
    inner = choose(rng, ["", "", "⌀", "R"]) + number(rng)
    return (
        f"({inner})"
        if rng.random() < 0.7
        else f"{inner} {choose(rng, ['REF', 'REF.', 'TYP', 'MAX', 'MIN', 'BSC', 'STK', 'CRS'])}"
    )


def datum(rng):
    letter = choose(rng, "ABCDEFGHKLMN")
    return letter + (choose(rng, "ⓂⓁ") if rng.random() < 0.2 else "")


def tolerance_cell(rng):
    value = maybe(rng, 0.4, "⌀" if rng.random() < 0.92 else "S⌀") + small(rng)
    value += choose(rng, "ⓂⓂⓂⓁⓁⓅⒻⓊⓉⒺⓈ") if rng.random() < 0.3 else ""
    return value


def frame(rng):
    """A feature control frame, whole or as the cells that a detector found."""
    sign = choose(rng, FORM_SIGNS if rng.random() < 0.35 else PLACE_SIGNS)
    cells = [sign, tolerance_cell(rng)]
    if sign not in "⏤⏥○⌭":
        cells += [datum(rng) for _ in range(rng.integers(1, 4))]
        if rng.random() < 0.08:
            cells[2] = f"{choose(rng, 'ABC')}-{choose(rng, 'BCD')}"
    first = min(int(rng.choice(3, p=[0.6, 0.28, 0.12])), len(cells) - 1)
    last = len(cells) if rng.random() < 0.6 else rng.integers(first + 1, len(cells) + 1)
    return "|".join(cells[first:last])


def ratio(rng):
    lead = choose(rng, ["", "", "", "SCALE ", "SCALE: ", "M ", "Scale ", "⌲ ", "⌲", "∠ "])
    colon = choose(rng, [":", ":", " : "])
    return f"{lead}{choose(rng, [1, 1, 1, 2, 5, 10, 20])}{colon}{choose(rng, [1, 1, 2, 5, 10, 20, 50, 100])}"


def counted(rng):
    return f"{rng.integers(2, 13)} {choose(rng, ['PL', 'PLCS', 'PLACES', 'HOLES', 'EQ SP', 'OFF', 'x'])}{maybe(rng, 0.1, ' TYP')}"


def square(rng):
    return maybe(rng, 0.1, count(rng)) + f"□{gap(rng, 0.25)}{number(rng)}" + maybe(rng, 0.2, tolerance(rng))


def letter(rng):
    """A datum, a section letter or a zone."""
    kind = rng.random()
    if kind < 0.5:
        return choose(rng, string.ascii_uppercase)
    first = choose(rng, "ABCDEFGHKXYZ")
    return (
        f"{first}-{first}" + maybe(rng, 0.3, f" ({choose(rng, [1, 2, 5, 10])}:{choose(rng, [1, 2, 5])})")
        if kind < 0.8
        else f"{first}{rng.integers(1, 10)}"
    )


def babble(rng):
    """Any characters in any order, so that the net looks at shapes and doesn't guess from habit."""
    pool = (
        string.digits * 3
        + ".,.,-+/():'\"=%#*"
        + "⌀⌀⌀±±°°□xR"
        + "⌴↧⌵⌲ⓂⓁ"
        + FORM_SIGNS
        + PLACE_SIGNS
        + "μ≤≥<>&;~|"
        + string.ascii_letters
    )
    return "".join(choose(rng, pool) for _ in range(rng.integers(1, 9)))


PRODUCTIONS = [
    (plain, 15),
    (diameter, 17),
    (radius, 5),
    (length_with_tolerance, 6),
    (deviation, 8),
    (limits, 2),
    (reference, 3),
    (chamfer, 4),
    (thread, 6),
    (hole, 9),
    (roughness, 3),
    (angle, 4),
    (frame, 14),
    (ratio, 1.5),
    (counted, 1.5),
    (square, 2),
    (letter, 2),
    (babble, 6),
    (fit, 1.5),
    (bend, 1.5),
    (note, 12),
]
SHARES = [share / sum(share for _, share in PRODUCTIONS) for _, share in PRODUCTIONS]
LONGEST_TEXT = 26


def write_text(rng):
    """One text of the grammar, short enough for a single crop."""
    while True:
        production = PRODUCTIONS[rng.choice(len(PRODUCTIONS), p=SHARES)][0]
        text = " ".join(production(rng).split(" ")).strip()
        if 0 < len(text) <= LONGEST_TEXT and not text.startswith(("'", '"', ".,")):
            return text
