"""Callouts of threads, holes, chamfers, roughness, angles and bends."""

from figures import SIZES, choose, count, decimal_mark, digits, gap, maybe, number, small

COARSE_PITCH = {2: "0.4", 3: "0.5", 4: "0.7", 5: "0.8", 6: "1", 8: "1.25", 10: "1.5", 12: "1.75", 16: "2", 20: "2.5"}
UNIFIED = """#2-56 #4-40 #6-32 #8-32 #10-24 #10-32 1/4-20 1/4-28 5/16-18 3/8-16 3/8-24 7/16-14 1/2-13 1/2-20 5/8-11
3/4-10 1-8 .250-20 .500-13""".split()
UNIFIED.append("1 1/4-7")
PIPE = ["1/8", "1/4", "3/8", "1/2", "3/4", "1", "1 1/4", "1-1/2", "2"]


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
            text += choose(rng, ["x", "×", "X", " x ", " × "]) + choose(
                rng, [COARSE_PITCH[size], "0.5", "1", "1.5", "0,75"]
            )
        text += maybe(
            rng, 0.35, choose(rng, ["-", " - ", " "]) + choose(rng, ["6H", "6g", "6h", "7H", "5g6g", "6H/6g"])
        )
        text += maybe(rng, 0.1, choose(rng, [" LH", "-LH"]))
        return text + maybe(rng, 0.3, choose(rng, [" ", ""]) + depth(rng))
    if kind < 0.85:
        series = choose(rng, ["UNC", "UNC", "UNF", "UNF", "UNEF", "UN"])
        text = maybe(rng, 0.2, count(rng)) + f"{choose(rng, UNIFIED)} {series}"
        return text + maybe(rng, 0.6, f"-{choose(rng, ['2A', '2B', '3A', '3B'])}")
    return choose(
        rng,
        [
            lambda: f"{choose(rng, ['G', 'G ', 'Rc', 'Rp', 'R', 'Rc '])}{choose(rng, PIPE)}{maybe(rng, 0.2, choose(rng, ['A', ' B']))}",
            lambda: f"{choose(rng, PIPE)} {choose(rng, ['NPT', 'BSP', 'NPTF', 'BSPT'])}",
            lambda: f"Tr{choose(rng, SIZES)}x{choose(rng, [2, 3, 4, 5, 6])}{maybe(rng, 0.3, choose(rng, ['-7e', 'LH', '-7H']))}",
        ],
    )()


def depth(rng):
    kind = rng.random()
    if kind < 0.55:
        return f"↧{gap(rng, 0.3)}{number(rng)}" + maybe(rng, 0.1, choose(rng, ["MIN", " MIN", " MAX"]))
    return choose(
        rng, ["THRU", "THRU ALL", f"DEEP {number(rng)}", f"{number(rng)} DEEP", f"DP {number(rng)}", f"T={number(rng)}"]
    )


def hole(rng):
    """A hole callout or a part of one, as its lines are often printed below each other."""
    mark = decimal_mark(rng)
    bore = f"{choose(rng, ['⌴', '⌴ '])}{choose(rng, ['⌀', '⌀ ', ''])}{number(rng, mark)}{gap(rng)}{depth(rng)}"
    sink = f"⌵{gap(rng, 0.3)}⌀{gap(rng, 0.2)}{number(rng, mark)}{choose(rng, ['x', '×', ' X ', ' x '])}{choose(rng, [82, 90, 90, 100, 120])}°"
    lead = f"{maybe(rng, 0.4, count(rng))}⌀{gap(rng, 0.2)}{number(rng, mark)}"
    tail = choose(rng, [" THRU", "THRU", " THRU ALL", f"{gap(rng)}{depth(rng)}"])
    return choose(
        rng,
        [
            bore,
            bore,
            sink,
            sink,
            lead + tail,
            lead + tail,
            depth(rng),
            f"{lead}{choose(rng, [' ', ''])}{choose(rng, [bore, sink])}",
            f"{lead} C'BORE {number(rng)}",
            f"CSK {lead}",
        ],
    )


def roughness(rng):
    if rng.random() < 0.12:
        return f"N{rng.integers(1, 13)}"
    value = choose(
        rng, ["0.2", "0.4", "0.8", "1.6", "3.2", "6.3", "12.5", "25", "50", "3,2", "6,3", "12,5", "0,8", "6,5", "1,6"]
    )
    return choose(rng, ["Ra", "Ra", "Ra", "Rz", "Rmax", "Rt", "Rq"]) + gap(rng, 0.7) + value


def angle(rng):
    degrees = f"{rng.integers(1, 361)}{maybe(rng, 0.3, f'{decimal_mark(rng)}{digits(rng, rng.integers(1, 3))}')}°"
    if rng.random() < 0.25:
        degrees += f"{rng.integers(0, 60)}'" + maybe(rng, 0.4, f'{rng.integers(0, 60)}"')
    return (
        maybe(rng, 0.12, count(rng))
        + degrees
        + maybe(rng, 0.25, f"{gap(rng)}±{choose(rng, ['1°', '0.5°', '0,5°', '2°', '30', '0°30'])}")
    )


def bend(rng):
    """The bend notes of sheet metal parts."""
    mark = decimal_mark(rng)
    turn = f"{choose(rng, ['UP', 'DOWN', 'Up', 'Down'])} {choose(rng, [90, 90, 90, 45, 30, 135])}°"
    bow = f"R{choose(rng, [' ', '', '=', ' = '])}{number(rng, mark)}"
    return choose(
        rng, [f"{turn} {bow}", f"{turn} {bow}", turn, f"{bow} K=0{mark}{digits(rng, 2)}", f"T={small(rng, mark)}"]
    )
