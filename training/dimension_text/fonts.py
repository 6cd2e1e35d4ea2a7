"""Reads outline fonts (TTF, OTF) and stroke fonts (Hershey JHF, LibreCAD LFF) into one form.

Every glyph becomes polylines in units of the capital height, the base line at zero and y upwards, so that
stroke width, slant and width factor can be varied alike for all of them.
"""

import math
import pickle
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

from classes import CHARACTERS

# Besides the classes: the shapes under which fonts hold a sign of ours.
WANTED = CHARACTERS + "×ØΦφ∅−µ▱◯"

# File name and how often it is drawn from; drafting fonts and the Arial family are what drawings use.
FACES = {
    "osifont.ttf": 6,
    "OSP-DIN.ttf": 2,
    "iso3098.lff": 4,
    "iso3098_i.lff": 3,
    "iso.lff": 3,
    "standard.lff": 2,
    "romans.lff": 4,
    "simplex.lff": 3,
    "romand.lff": 1,
    "romant.lff": 1,
    "romanc.lff": 1,
    "italicc.lff": 0.5,
    "lc_opengost-ar.lff": 3,
    "lc_opengost-br.lff": 3,
    "kst32b.lff": 2,
    "azomix.lff": 0.5,
    "futural.jhf": 5,
    "futuram.jhf": 1,
    "rowmans.jhf": 4,
    "rowmand.jhf": 1,
    "timesr.jhf": 0.5,
    "routed-gothic.ttf": 2,
    "routed-gothic-narrow.ttf": 2,
    "routed-gothic-half-italic.ttf": 1,
    "routed-gothic-wide.ttf": 1,
    "routed-gothic-italic.ttf": 1,
    "LiberationSans-Regular.ttf": 8,
    "LiberationSans-Bold.ttf": 2,
    "LiberationSans-Italic.ttf": 1,
    "LiberationSansNarrow-Regular.ttf": 4,
    "LiberationSansNarrow-Bold.ttf": 1,
    "NimbusSans-Regular.otf": 3,
    "NimbusSansNarrow-Regular.otf": 2,
    "NimbusSans-Italic.otf": 1,
    "FreeSans.ttf": 2,
    "FreeSansOblique.ttf": 1,
    "URWGothic-Book.otf": 4,
    "URWGothic-BookOblique.otf": 1,
    "URWGothic-Demi.otf": 1,
    "DejaVuSans.ttf": 3,
    "DejaVuSansCondensed.ttf": 2,
    "DejaVuSans-ExtraLight.ttf": 2,
    "DejaVuSans-Bold.ttf": 0.5,
    "DejaVuSansMono.ttf": 2,
    "DejaVuSans-Oblique.ttf": 0.5,
    "LiberationMono-Regular.ttf": 2,
    "FreeMono.ttf": 1.5,
    "NimbusMonoPS-Regular.otf": 1,
    "LiberationSerif-Regular.ttf": 2,
    "NimbusRoman-Regular.otf": 1,
    "NimbusRoman-Italic.otf": 0.5,
    "FreeSerif.ttf": 0.5,
    "C059-Roman.otf": 0.5,
    "Roboto-Light.ttf": 1,
    "Roboto-Regular.ttf": 1,
    "RobotoCondensed-Regular.ttf": 1.5,
    "RobotoCondensed-Light.ttf": 1,
    "OpenSans-Regular.ttf": 1,
    "OpenSans-Light.ttf": 1,
    "OpenSans-CondLight.ttf": 1,
    "Lato-Regular.ttf": 0.5,
    "Lato-Light.ttf": 0.5,
    "Play-Regular.ttf": 1,
    "Jura-Light.otf": 0.5,
    "Jura-Regular.otf": 0.5,
}
SIGN_FACE = "Symbola_hint.ttf"


@dataclass
class Glyph:
    """The shape of one character."""

    advance: float
    paths: list


@dataclass
class Typeface:
    """A font; `filled` tells outlines from pen strokes, `stem` is the stroke width."""

    name: str
    filled: bool
    glyphs: dict
    stem: float


def load_typefaces(cache):
    """Gives the drafting typefaces, their weights and the typeface of signs; parsed once per cache folder."""
    parsed = Path(cache) / "typefaces.pickle"
    if not parsed.exists():
        files = {path.name: path for path in Path(cache).rglob("*") if path.suffix in (".ttf", ".otf", ".lff", ".jhf")}
        faces = {name: read_typeface(files[name]) for name in [*FACES, SIGN_FACE]}
        parsed.write_bytes(pickle.dumps(faces))
    faces = pickle.loads(parsed.read_bytes())
    signs = faces.pop(SIGN_FACE)
    weights = np.array([FACES[name] for name in faces], dtype=float)
    return list(faces.values()), weights / weights.sum(), signs


def read_typeface(path):
    """Parses one font file and scales it to a capital height of one."""
    readers = {".lff": read_lff, ".jhf": read_jhf}
    filled = path.suffix not in readers
    glyphs = read_outlines(path) if filled else readers[path.suffix](path)
    capital = np.vstack(glyphs["H"].paths)
    base, height = capital[:, 1].min(), np.ptp(capital[:, 1])
    for glyph in glyphs.values():
        glyph.advance /= height
        glyph.paths = [((path_ - (0, base)) / height).astype(np.float32) for path_ in glyph.paths]
    stem = float(np.clip(np.ptp(np.vstack(glyphs["-"].paths)[:, 1]), 0.05, 0.2)) if filled else 0.1
    return Typeface(path.name, filled, glyphs, stem)


class FlatteningPen(BasePen):
    """Turns curves into short straight pieces."""

    STEPS = np.linspace(0, 1, 7)[1:, None]

    def __init__(self, glyph_set):
        super().__init__(glyph_set)
        self.paths = []

    def _moveTo(self, point):
        self.paths.append([point])

    def _lineTo(self, point):
        self.paths[-1].append(point)

    def _curveToOne(self, first, second, end):
        t, start = self.STEPS, np.array(self.paths[-1][-1])
        curve = (1 - t) ** 3 * start + 3 * t * (1 - t) ** 2 * np.array(first)
        curve = curve + 3 * t * t * (1 - t) * np.array(second) + t**3 * np.array(end)
        self.paths[-1].extend(map(tuple, curve))

    def _qCurveToOne(self, control, end):
        t, start = self.STEPS, np.array(self.paths[-1][-1])
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * np.array(control) + t * t * np.array(end)
        self.paths[-1].extend(map(tuple, curve))


def read_outlines(path):
    """Reads a TrueType or OpenType font."""
    font = TTFont(path)
    glyph_set, names = font.getGlyphSet(), font.getBestCmap()
    glyphs = {}
    for character in WANTED + " H":
        if ord(character) in names:
            shape = glyph_set[names[ord(character)]]
            pen = FlatteningPen(glyph_set)
            shape.draw(pen)
            paths = [np.array(path_, dtype=float) for path_ in pen.paths if len(path_) > 2]
            glyphs[character] = Glyph(float(shape.width), paths)
    return glyphs


def read_jhf(path):
    """Reads a Hershey font whose glyphs stand in ASCII order from the space on."""
    lines = path.read_text(encoding="latin-1").replace("\r", "").split("\n")
    glyphs, code, position = {}, 32, 0
    while position < len(lines):
        record, position = lines[position], position + 1
        if len(record) < 8:
            continue
        wanted_length = 8 + 2 * int(record[5:8])
        while len(record) < wanted_length and position < len(lines):
            record, position = record + lines[position], position + 1
        glyphs[chr(code)] = hershey_glyph(record[8:wanted_length])
        code += 1
    return glyphs


def hershey_glyph(pairs):
    """Decodes the coordinate pairs of one Hershey glyph; `R` is the origin, " R" lifts the pen."""
    left, right = ord(pairs[0]) - ord("R"), ord(pairs[1]) - ord("R")
    paths = [[]]
    for index in range(2, len(pairs) - 1, 2):
        if pairs[index : index + 2] == " R":
            paths.append([])
        else:
            paths[-1].append((ord(pairs[index]) - ord("R") - left, ord("R") - ord(pairs[index + 1])))
    return Glyph(float(right - left), [np.array(path, dtype=float) for path in paths if path])


def read_lff(path):
    """Reads a LibreCAD stroke font."""
    text = path.read_text(encoding="utf-8", errors="replace")
    spacing = re.search(r"# *LetterSpacing: *([\d.]+)", text)
    gap = float(spacing.group(1)) if spacing else 3.0
    blocks = re.findall(r"^\[([0-9a-fA-F]+)\][^\n]*\n((?:[^\[#\n][^\n]*\n?)*)", text, flags=re.MULTILINE)
    shapes = {}
    for code, block in blocks:
        shapes[chr(int(code, 16))] = lff_paths(block, shapes)
    # Some of these fonts have no letter spacing of their own; letters must not touch.
    glyphs = {}
    for character, paths in shapes.items():
        if paths and (character in WANTED or character == "H"):
            right = max(path_[:, 0].max() for path_ in paths)
            glyphs[character] = Glyph(float(right + max(gap, 1.5)), paths)
    return glyphs


def lff_paths(block, shapes):
    """Decodes the strokes of one glyph; a line `C<code>` repeats another glyph."""
    paths = []
    for line in block.strip().splitlines():
        if line.startswith("C"):
            paths.extend(shapes.get(chr(int(line[1:], 16)), []))
            continue
        points = []
        for vertex in filter(None, line.strip().split(";")):
            values = vertex.split(",")
            point = (float(values[0]), float(values[1]))
            bulge = float(values[2][1:]) if len(values) > 2 else 0.0
            points.extend(bulge_arc(points[-1], point, bulge) if points and bulge else [point])
        if points:
            paths.append(np.array(points, dtype=float))
    return paths


def bulge_arc(start, end, bulge):
    """Points of the arc between two vertices; the bulge is the tangent of a quarter of its angle."""
    angle = 4 * math.atan(bulge)
    (x0, y0), (x1, y1) = start, end
    chord = math.hypot(x1 - x0, y1 - y0)
    if chord == 0:
        return [end]
    offset = chord / 2 / math.tan(angle / 2)
    centre = ((x0 + x1) / 2 - (y1 - y0) / chord * offset, (y0 + y1) / 2 + (x1 - x0) / chord * offset)
    radius, first = math.hypot(x0 - centre[0], y0 - centre[1]), math.atan2(y0 - centre[1], x0 - centre[0])
    turns = [first + angle * step / 8 for step in range(1, 9)]
    return [(centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn)) for turn in turns]
