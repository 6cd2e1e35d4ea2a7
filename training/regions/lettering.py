"""Fonts, and words to set in them.

At the net's resolution letters are a few pixels high, so what counts is their grey, rhythm and height.
Chinese and Japanese characters are drawn from random strokes; no font for them is needed.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

FACES = """osifont LiberationSans-Regular LiberationSans-Bold LiberationSansNarrow-Regular NimbusSans-Regular
NimbusSansNarrow-Regular URWGothic-Book URWGothic-Demi DejaVuSans DejaVuSansCondensed DejaVuSansMono
LiberationMono-Regular LiberationSerif-Regular Roboto-Light Roboto-Regular RobotoCondensed-Regular
OpenSans-Light Lato-Regular routed-gothic routed-gothic-narrow routed-gothic-half-italic Play-Regular
DejaVuSans-Oblique LiberationSans-Italic Jura-Regular FreeSans""".split()

NOTE_WORDS = """REMOVE ALL BURRS AND SHARP EDGES UNLESS OTHERWISE SPECIFIED DIMENSIONS ARE IN MILLIMETERS MATERIAL STEEL
ALUMINUM 6061-T6 FINISH ANODIZE BLACK PER MIL-A-8625 TYPE II TOLERANCES ISO 2768-mK BREAK 0.2 MAX PART TO BE CLEAN
FREE OF OIL WELD GROUND FLUSH TORQUE 12 Nm APPLY LOCTITE 243 PAINT RAL 9005 INTERPRET DRAWING ASME Y14.5 HEAT TREAT
HRC 58-62 SURFACE ROUGHNESS Ra 3.2 DO NOT SCALE SEE SHEET 2 FOR DETAILS REFER STEP FILE ADDITIONAL GEOMETRY MARK
NUMBER HERE WITH LASER CHECK FIT ASSEMBLY BEFORE DELIVERY COUNTERSINK HOLES THREADED BOTH SIDES GENERAL""".split()
PROSE = """this drawing is the property of and must not be copied or handed to others without our written consent all
rights reserved deburr edges general tolerances according to inner bending radius factor coating powder white
glossy reference dimensions provided by tool redistribute modify under terms license published either version
Allgemeintoleranzen nach Oberfläche Werkstückkanten gratfrei Gewinde Schweißnähte umlaufend verzinkt lackiert
pièces sans bavures arêtes vives dimensions entre parenthèses tutte le quote in mm smussi non quotati""".split()
CYRILLIC = """Неуказанные предельные отклонения размеров по ГОСТ Размеры для справок Острые кромки притупить
Покрытие Сварка Материал Сталь твёрдость не более кроме мест указанных особо маркировать шрифтом""".split()
LABELS = """TITLE DRAWN CHECKED APPROVED DATE SCALE SHEET SIZE REV DWG NO. MATERIAL FINISH WEIGHT NAME SIGNATURE
COMPANY PROJECT PART NO. TOLERANCES DESIGNED BY DEPT. STATUS TYPE DOCUMENT REFERENCE ANGULAR LINEAR MASS Q.A MFG
Gezeichnet Geprüft Maßstab Werkstoff Benennung Blatt Datum Name Norm Titre Echelle Масса Масштаб Лист Листов Разраб. Пров.""".split()
NOUNS = """BRACKET PLATE SHAFT HOUSING COVER FLANGE GEAR PULLEY SPACER MOUNT FRAME BASE ARM LEVER BLOCK RING BUSHING ADAPTER
Halter Welle Deckel Gehäuse Platte Motor Wheel Support Sensor Bearing Clamp Hub Valve Pump Корпус Вал Крышка Втулка""".split()
PEOPLE = "J. Smith K.Lund A.Meyer B. Rossi GLH ABL Ivanov Wang Li M. Dupont T.Sato P. Novak RJ CK".split()
SCALES = "1:1 1:2 2:1 1:5 5:1 1:10 1:20 10:1 1:2.5 1/2".split()


class Lettering:
    """Sets text in one or two faces of a sheet."""

    def __init__(self, rng, folder):
        faces = typefaces(str(folder))
        self.faces = [faces[rng.integers(len(faces))] for _ in range(2)]
        self.rng = rng
        self.script = rng.choice(["latin", "cjk", "cyrillic"], p=[0.76, 0.16, 0.08])
        self.upper = rng.random() < 0.6

    def mask(self, string, height, face=None):
        """The ink of one line with this capital height; U+3000 and above are drawn from strokes."""
        if any(ord(letter) >= 0x3000 for letter in string):
            return strokes(string, max(4, int(height * 1.25)), self.rng)
        return set_line(string, max(4, int(round(height))), self.faces[face or 0])

    def sentence(self, low=3, high=9):
        count = self.rng.integers(low, high + 1)
        if self.script == "cjk" and self.rng.random() < 0.85:
            return "\u4e00" * int(count * 2)
        if self.script == "cyrillic":
            return " ".join(self.rng.choice(CYRILLIC, count))
        return " ".join(self.rng.choice(NOTE_WORDS if self.upper else PROSE, count))

    def label(self):
        if self.script == "cjk" and self.rng.random() < 0.85:
            return "\u4e00" * int(self.rng.integers(2, 5))
        return str(self.rng.choice(LABELS))

    def title(self):
        if self.script == "cjk" and self.rng.random() < 0.85:
            return "\u4e00" * int(self.rng.integers(3, 7))
        return " ".join(self.rng.choice(NOUNS, self.rng.integers(1, 4)))

    def number(self):
        prefix = self.rng.choice(["", "A-", "DWG-", "JX-", "MMP.", "TC-", "P", "SP-"])
        return f"{prefix}{self.rng.integers(10, 999)}{self.rng.choice(['-', '.', ''])}{self.rng.integers(1, 9999):03d}"

    def value(self):
        """What may stand in a cell."""
        choice = self.rng.integers(7)
        if choice == 0:
            return self.number()
        if choice == 1:
            return str(self.rng.choice(SCALES))
        if choice == 2:
            return f"{self.rng.integers(1, 29):02d}.{self.rng.integers(1, 13):02d}.20{self.rng.integers(10, 27)}"
        if choice == 3:
            return str(self.rng.choice(PEOPLE))
        if choice == 4:
            return str(self.rng.choice(["A", "B", "A4", "A3", "A2", "1/1", "-", "01"]))
        return self.title()


@lru_cache
def typefaces(folder):
    wanted = set(FACES)
    found = sorted(path for path in Path(folder).rglob("*") if path.suffix in (".ttf", ".otf") and path.stem in wanted)
    if not found:
        raise SystemExit(f"no fonts in {folder}: run fetch_fonts.sh")
    return [str(path) for path in found]


@lru_cache(4096)
def typeface(path, points):
    return ImageFont.truetype(path, points)


@lru_cache(20000)
def set_line(string, height, path):
    font = typeface(path, max(5, int(round(height * 1.38))))
    mask = font.getmask(string or " ", mode="L")
    width, rows = mask.size
    return np.asarray(mask, dtype=np.uint8).reshape(rows, width) if width and rows else np.zeros((1, 1), np.uint8)


def strokes(string, height, rng):
    """Characters of random strokes, as dense as real ones; other letters are drawn likewise, but narrow."""
    columns = []
    for letter in string:
        width = height if ord(letter) >= 0x3000 else max(2, height // 2)
        glyph = np.zeros((height, width + max(1, height // 8)), np.uint8)
        ink = 255 if height > 9 else 200
        for _ in range(rng.integers(2, 4)):
            row = rng.integers(0, height)
            start = rng.integers(0, max(1, width // 3))
            glyph[row, start:width] = ink
        for _ in range(rng.integers(1, 3)):
            column = rng.integers(0, width)
            glyph[rng.integers(0, max(1, height // 3)) :, column] = ink
        columns.append(glyph)
    return np.hstack(columns)
