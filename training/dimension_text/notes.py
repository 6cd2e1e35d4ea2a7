"""Words and codes from title blocks and notes, so that the net also knows text that is no dimension."""

import string

WORDS = (
    """TITLE DATE NAME DRAWN CHECKED APPROVED SCALE SHEET SIZE REV MATERIAL FINISH WEIGHT PART NUMBER TOLERANCES UNLESS
OTHERWISE SPECIFIED DIMENSIONS INCHES MILLIMETERS BREAK SHARP EDGES DEBURR REMOVE ALL BURRS SECTION DETAIL VIEW NOTES
ANGULAR LINEAR SURFACE DRAWING SIGNATURE QTY ITEM DESCRIPTION STEEL ALUMINIUM BRASS PLATE BRACKET SHAFT HOUSING COVER FLANGE
PULLEY BEARING WASHER SCREW NUT BOLT HARDENED HEAT TREAT ANODIZE BLACK PAINT SPACER HOLDER DO NOT THIRD ANGLE PROJECTION
FRACTIONAL DECIMAL PLACE PER ASTM RELEASED REFERENCE RADIUS DEPTH TYP MAX MIN BOTH SIDES FAR SIDE NEAR THRU TAP DRILL REAM
Benennung Werkstoff Maßstab Blatt Datum Name Gepr. Gez. Norm Zeichnungsnummer Oberfläche Allgemeintoleranz Gewicht Halbzeug
Welle Gehäuse Deckel Flansch Schraube Mutter Scheibe Bohrung Gewinde Kanten gratfrei gehärtet Ansicht Schnitt Einzelheit
BENENNUNG WERKSTOFF MASSSTAB BLATT DATUM GEPRÜFT STÜCKLISTE FREIGABE ÄNDERUNG TIEFE DURCH tief Tiefe durchgehend
Scale Sheet Weight Material Drawn Checked Approved Date Rev Title General tolerances Dimensions in millimeters Detail Section
Motor Holder Wheel Base Frame Support Cover Gear Shaft Top Side pieces holes Steel Stainless of and with from for the drawing element attachment size frame camera motor wheel bracket holes
plate sharp edges reference dimensions provided by tool banding coating enamel powder white glossy sheet outer inner isometric
checked signed revision number projection aluminium polycarbonate brass copper bronze washer spring
optional make technical first second edition document type status""".split()
)

MATERIALS = """S235JR S355J2 S235JR+AR 42CrMo4 C45 C45E 16MnCr5 34CrNiMo6 X5CrNi18-10 1.4301 1.4404 1.0503 1.7225 EN-GJL-250
EN AW-6082 T6|AlMg3 AlMgSi1 AISI 304|AISI 316L|AISI 4140|6061-T6 7075-T651 SAE 1045|A36 HT200 Q235 Q235A 45 GCr15 QT450-10
SS400 S45C SUS304 SCM435 A5052 POM-C PA6 PEEK PTFE CuSn8 CuZn39Pb3 GG25 St37-2 9SMn28K ASTM A240|EN 1.0114|PLA ABS PMMA 40Cr
20CrMnTi ZL101 CRES 304|HRC 58-62|58+2 HRC|HV 700|HB 220|RAL 9016|RAL 7035""".replace(
    "\n", " "
)
CODES = """ISO 2768-mK|ISO 2768-m|DIN ISO 2768|ISO 8015|ISO 13715|DIN 912|DIN 6885|ISO 4762|DIN 332|GB/T 1804-m|GB/T 1184-K
ASME Y14.5|ASME Y14.5M-1994|JIS B 0405|DIN 509-F 0.6x0.3|ISO 1302|DIN 76|DIN 974|ISO 6410|ISO 5455|EN 10025"""


def note(rng):
    """A word, a heading, a material, a standard, a drawing number or a date."""
    makers = [words, words, numbered, label, material, standard, drawing_number, drawing_number, date, sheet, name]
    text = makers[rng.integers(len(makers))](rng)
    return text[:26].strip()


def pick(rng, options):
    return options[rng.integers(len(options))]


def words(rng):
    text = " ".join(pick(rng, WORDS) for _ in range(rng.integers(1, 4)))
    kind = rng.random()
    if kind < 0.3:
        return text.upper()
    return text.capitalize() if kind < 0.45 else text


def numbered(rng):
    mark = pick(rng, [". ", " ", ") "])
    return f"{rng.integers(1, 20)}{mark}{words(rng)}{pick(rng, ['.', '', ''])}"


def label(rng):
    return f"{pick(rng, WORDS)}: {pick(rng, WORDS) if rng.random() < 0.5 else rng.integers(1, 100)}"


def material(rng):
    return pick(rng, [entry for group in MATERIALS.split("|") for entry in entries(group)])


def entries(group):
    """Single codes are parted by spaces; a code that has a space itself ends its group."""
    parts = group.split(" ")
    return [*parts[:-2], " ".join(parts[-2:])]


def standard(rng):
    return pick(rng, CODES.replace("\n", "|").split("|"))


def drawing_number(rng):
    mark = pick(rng, "-.-/")
    groups = []
    for _ in range(rng.integers(2, 5)):
        pool = string.digits if rng.random() < 0.65 else string.ascii_uppercase
        groups.append("".join(pick(rng, pool) for _ in range(rng.integers(1, 5))))
    return mark.join(groups)


def date(rng):
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(1995, 2027)
    return pick(
        rng,
        [
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year}",
            f"{month:02}/{day:02}/{year}",
            f"{day}.{month}.{year}",
            f"{day:02}/{month:02}/{year % 100:02}",
            f"{year}.{month:02}.{day:02}",
        ],
    )


def sheet(rng):
    first, last = rng.integers(1, 9), rng.integers(1, 13)
    return pick(
        rng,
        [
            f"SHEET {first} OF {last}",
            f"{first}/{last}",
            f"A{rng.integers(0, 5)}",
            f"Blatt {first}/{last}",
            f"Rev. {pick(rng, string.ascii_uppercase)}",
            f"{first}. {pick(rng, WORDS)}",
            f"No. {first}",
        ],
    )


def name(rng):
    initial = pick(rng, string.ascii_uppercase)
    rest = "".join(pick(rng, string.ascii_lowercase) for _ in range(rng.integers(2, 8)))
    return f"{initial}. {pick(rng, string.ascii_uppercase)}{rest}" if rng.random() < 0.5 else initial + rest
