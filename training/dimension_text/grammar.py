"""Writes texts as engineers write them: ISO, ASME, DIN, GB and JIS, metric and inch.

`×` stands for a multiplication sign and is folded into `x` in the label; `|` is the border between two frame cells.
"""

import string

from notes import note

SIZES = [3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 25, 28, 30, 32, 35, 40, 45, 50, 60, 63, 80, 90, 100, 125, 160]
COARSE_PITCH = {2: "0.4", 3: "0.5", 4: "0.7", 5: "0.8", 6: "1", 8: "1.25", 10: "1.5", 12: "1.75", 16: "2", 20: "2.5"}
UNIFIED = ["#2-56", "#4-40", "#6-32", "#8-32", "#10-24", "#10-32", "1/4-20", "1/4-28", "5/16-18", "3/8-16", "3/8-24",
           "7/16-14", "1/2-13", "1/2-20", "5/8-11", "3/4-10", "1-8", ".250-20", ".500-13", "1 1/4-7"]
PIPE = ["1/8", "1/4", "3/8", "1/2", "3/4", "1", "1 1/4", "1-1/2", "2"]
FORM_SIGNS, PLACE_SIGNS = "⏤⏥○⌭⌒⌓", "∠⊥∥⌖◎⌯↗⌰⌒⌓"


def choose(rng, options):
    return options[rng.integers(len(options))]


def maybe(rng, share, text):
    return text if rng.random() < share else ""


def gap(rng, share=0.4):
    return maybe(rng, share, " ")


def decimal_mark(rng):
    return "," if rng.random() < 0.35 else "."


def number(rng, mark=None):
    """A size: whole, with one to four decimals, or an inch without its leading zero."""
    mark = mark or decimal_mark(rng)
    kind = rng.random()
    if kind < 0.3:
        return str(choose(rng, SIZES) if rng.random() < 0.3 else rng.integers(1, 10 ** rng.integers(1, 5)))
    if kind < 0.82:
        places = int(rng.choice([1, 2, 3, 4], p=[0.45, 0.4, 0.13, 0.02]))
        whole = rng.integers(0, 10 ** rng.integers(1, 4))
        return f"{whole}{mark}{digits(rng, places)}"
    if kind < 0.97:
        return f"{maybe(rng, 0.3, str(rng.integers(1, 40)))}.{digits(rng, rng.integers(2, 5))}"
    return f"{maybe(rng, 0.5, str(rng.integers(1, 9)) + choose(rng, ' -'))}{rng.integers(1, 16)}/{choose(rng, [2, 4, 8, 16, 32, 64])}"


def digits(rng, count):
    return "".join(str(figure) for figure in rng.integers(0, 10, count))


def small(rng, mark=None):
    """A deviation or tolerance value."""
    mark = mark or decimal_mark(rng)
    lead = maybe(rng, 0.8 if mark == "." else 1.0, "0")
    return f"{lead}{mark}{choose(rng, ['', '', '0', '00'])}{digits(rng, rng.integers(1, 3))}"


def plain(rng):
    value = number(rng)
    unit = choose(rng, [" mm", "mm", '"', "°", " IN", "'", " kg", " cm", " m"]) if rng.random() < 0.15 else ""
    return value + unit + maybe(rng, 0.05, choose(rng, ["*", "**", " *"]))


def count(rng):
    times = choose(rng, ["x", "×", "X", "x ", "× ", "X ", " x ", " × ", " X ", "-"])
    return f"{rng.integers(2, 25)}{times}"


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
    return body + (choose(rng, [" THRU", " THRU ALL", "THRU", " DURCH", " TYP", " REF", "*", "**"]) if rng.random() < 0.1 else "")


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
    return f"({inner})" if rng.random() < 0.7 else f"{inner} {choose(rng, ['REF', 'REF.', 'TYP', 'MAX', 'MIN', 'BSC', 'STK', 'CRS'])}"


def chamfer(rng):
    kind = rng.random()
    if kind < 0.3:
        return maybe(rng, 0.25, count(rng)) + "C" + gap(rng, 0.1) + number(rng)
    times = choose(rng, ["x", "×", " x ", " × ", "X", " X "])
    angle = f"{choose(rng, [45, 45, 45, 30, 60, 15])}°"
    if kind < 0.85:
        return maybe(rng, 0.25, count(rng)) + number(rng) + times + angle
    return f"CHAMFER {number(rng)}" if kind < 0.92 else angle + times + number(rng)


def thread(rng):
    kind = rng.random()
    if kind < 0.6:
        size = choose(rng, list(COARSE_PITCH))
        text = maybe(rng, 0.35, count(rng)) + f"M{gap(rng, 0.05)}{size}"
        if rng.random() < 0.5:
            text += choose(rng, ["x", "×", "X", " x ", " × "]) + choose(rng, [COARSE_PITCH[size], "0.5", "1", "1.5", "0,75"])
        text += maybe(rng, 0.35, choose(rng, ["-", " - ", " "]) + choose(rng, ["6H", "6g", "6h", "7H", "5g6g", "6H/6g"]))
        text += maybe(rng, 0.1, choose(rng, [" LH", "-LH"]))
        return text + maybe(rng, 0.3, choose(rng, [" ", ""]) + depth(rng))
    if kind < 0.85:
        series = choose(rng, ["UNC", "UNC", "UNF", "UNF", "UNEF", "UN"])
        text = maybe(rng, 0.2, count(rng)) + f"{choose(rng, UNIFIED)} {series}"
        return text + maybe(rng, 0.6, f"-{choose(rng, ['2A', '2B', '3A', '3B'])}")
    return choose(rng, [
        lambda: f"{choose(rng, ['G', 'G ', 'Rc', 'Rp', 'R', 'Rc '])}{choose(rng, PIPE)}{maybe(rng, 0.2, choose(rng, ['A', ' B']))}",
        lambda: f"{choose(rng, PIPE)} {choose(rng, ['NPT', 'BSP', 'NPTF', 'BSPT'])}",
        lambda: f"Tr{choose(rng, SIZES)}x{choose(rng, [2, 3, 4, 5, 6])}{maybe(rng, 0.3, choose(rng, ['-7e', 'LH', '-7H']))}",
    ])()


def depth(rng):
    kind = rng.random()
    if kind < 0.55:
        return f"↧{gap(rng, 0.3)}{number(rng)}" + maybe(rng, 0.1, choose(rng, ["MIN", " MIN", " MAX"]))
    return choose(rng, ["THRU", "THRU ALL", f"DEEP {number(rng)}", f"{number(rng)} DEEP", f"DP {number(rng)}", f"T={number(rng)}"])


def hole(rng):
    """A hole callout or a part of one, as its lines are often printed below each other."""
    mark = decimal_mark(rng)
    bore = f"{choose(rng, ['⌴', '⌴ '])}{choose(rng, ['⌀', '⌀ ', ''])}{number(rng, mark)}{gap(rng)}{depth(rng)}"
    sink = f"⌵{gap(rng, 0.3)}⌀{gap(rng, 0.2)}{number(rng, mark)}{choose(rng, ['x', '×', ' X ', ' x '])}{choose(rng, [82, 90, 90, 100, 120])}°"
    lead = f"{maybe(rng, 0.4, count(rng))}⌀{gap(rng, 0.2)}{number(rng, mark)}"
    tail = choose(rng, [" THRU", "THRU", " THRU ALL", f"{gap(rng)}{depth(rng)}"])
    return choose(rng, [bore, bore, sink, sink, lead + tail, lead + tail, depth(rng), f"{lead}{choose(rng, [' ', ''])}{choose(rng, [bore, sink])}",
                        f"{lead} C'BORE {number(rng)}", f"CSK {lead}"])


def roughness(rng):
    if rng.random() < 0.12:
        return f"N{rng.integers(1, 13)}"
    value = choose(rng, ["0.2", "0.4", "0.8", "1.6", "3.2", "6.3", "12.5", "25", "50", "3,2", "6,3", "12,5", "0,8", "6,5", "1,6"])
    return choose(rng, ["Ra", "Ra", "Ra", "Rz", "Rmax", "Rt", "Rq"]) + gap(rng, 0.7) + value


def angle(rng):
    degrees = f"{rng.integers(1, 361)}{maybe(rng, 0.3, f'{decimal_mark(rng)}{digits(rng, rng.integers(1, 3))}')}°"
    if rng.random() < 0.25:
        degrees += f"{rng.integers(0, 60)}'" + maybe(rng, 0.4, f'{rng.integers(0, 60)}"')
    return maybe(rng, 0.12, count(rng)) + degrees + maybe(rng, 0.25, f"{gap(rng)}±{choose(rng, ['1°', '0.5°', '0,5°', '2°', '30', '0°30'])}")


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
    first = 0 if rng.random() < 0.6 else 1
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
    return f"{first}-{first}" + maybe(rng, 0.3, f" ({ratio(rng)[-3:]})") if kind < 0.8 else f"{first}{rng.integers(1, 10)}"


def babble(rng):
    """Any characters in any order, so that the net looks at shapes and doesn't guess from habit."""
    pool = string.digits * 3 + ".,.,-+/():'\"=%#*" + "⌀⌀⌀±±°°□xR" + "⌴↧⌵⌲ⓂⓁ" + FORM_SIGNS + PLACE_SIGNS + "μ≤≥<>&;~|" + string.ascii_letters
    return "".join(choose(rng, pool) for _ in range(rng.integers(1, 9)))


PRODUCTIONS = [
    (plain, 15), (diameter, 17), (radius, 5), (length_with_tolerance, 6), (deviation, 8), (limits, 2), (reference, 3),
    (chamfer, 4), (thread, 6), (hole, 9), (roughness, 3), (angle, 4), (frame, 14), (ratio, 1.5), (counted, 1.5),
    (square, 2), (letter, 2), (babble, 6), (fit, 1.5), (note, 10),
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
