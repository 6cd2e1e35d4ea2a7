"""Sets a text in a typeface: gives the pen strokes and filled outlines of a whole line."""

from dataclasses import dataclass, field

import numpy as np

from classes import CIRCLED
from fonts import Glyph, Typeface
from signs import arc, draw_sign

# Shapes under which a font holds a class, and how often a font's own sign is taken instead of a drawn one.
TWINS = {"⌀": "⌀ØΦφ∅", "□": "□", "○": "○◯", "μ": "μµ", "-": "-−"}
OWN_SIGN_SHARE = 0.45
CIRCLED_LETTERS = dict(zip(CIRCLED, "MLPFUTES"))


@dataclass
class Style:
    """How one line looks; lengths are in capital heights."""

    typeface: Typeface
    signs: Typeface
    pen: float
    slant: float
    squeeze: float
    tracking: float
    space: float
    sign_scale: float


@dataclass
class Line:
    """A text that is set: y grows upwards from the base line."""

    strokes: list = field(default_factory=list)
    # Outlines of one glyph belong together, so that holes stay open.
    fills: list = field(default_factory=list)
    borders: list = field(default_factory=list)
    width: float = 0.0

    def points(self):
        return np.vstack([*self.strokes, *(path for fill in self.fills for path in fill)])


def choose_style(typefaces, weights, signs, rng):
    """A look as CAD programs give it: mostly upright, near normal width, with a pen of any weight."""
    typeface = typefaces[rng.choice(len(typefaces), p=weights)]
    pen = typeface.stem if typeface.filled else float(np.clip(rng.lognormal(np.log(0.105), 0.35), 0.04, 0.22))
    return Style(
        typeface,
        signs,
        pen,
        slant=0.0 if rng.random() < 0.72 else rng.uniform(0.1, 0.32),
        squeeze=1.0 if rng.random() < 0.4 else rng.uniform(0.68, 1.2),
        tracking=rng.normal(0.0, 0.03) if rng.random() < 0.7 else rng.uniform(0.0, 0.25),
        space=rng.uniform(0.3, 0.75) if rng.random() < 0.9 else rng.uniform(0.75, 1.4),
        sign_scale=rng.uniform(0.9, 1.15) if rng.random() < 0.5 else 1.0,
    )


def set_line(text, style, rng):
    """Sets the text, or gives None when the typeface lacks one of its characters."""
    line, drawn, pen_x = Line(), {}, 0.0
    for character in text:
        if character == " ":
            pen_x += style.space
            continue
        if character == "|":
            pen_x += rng.uniform(0.2, 0.5)
            line.borders.append(pen_x * style.squeeze)
            pen_x += rng.uniform(0.2, 0.5)
            continue
        # One line draws a sign the same way each time.
        if character not in drawn:
            drawn[character] = shape_of(character, style, rng)
        if drawn[character] is None:
            return None
        glyph, filled = drawn[character]
        paths = [place(path, pen_x, style) for path in glyph.paths]
        if filled:
            line.fills.append(paths)
        else:
            line.strokes.extend(paths)
        pen_x += glyph.advance + style.tracking
    line.width = pen_x * style.squeeze
    return line


def shape_of(character, style, rng):
    """The glyph of a character and whether it is an outline."""
    if character in CIRCLED_LETTERS:
        return circled(CIRCLED_LETTERS[character], style, rng)
    face = style.typeface
    twins = [twin for twin in TWINS.get(character, character) if twin in face.glyphs and face.glyphs[twin].paths]
    sign = draw_sign(character, rng)
    if sign is None or (twins and rng.random() < OWN_SIGN_SHARE):
        # The first twin is the sign itself and stands for most fonts.
        twin = twins and (twins[0] if rng.random() < 0.7 else twins[rng.integers(len(twins))])
        return (face.glyphs[twin], face.filled) if twin else None
    if character in style.signs.glyphs and character not in "⏤×°*" and rng.random() < 0.12:
        return style.signs.glyphs[character], True
    return scaled(sign, style.sign_scale), False


def circled(letter, style, rng):
    """A small capital in a circle."""
    if letter not in style.typeface.glyphs:
        return None
    glyph, filled = style.typeface.glyphs[letter], style.typeface.filled
    size = rng.uniform(0.5, 0.9)
    radius = max(rng.uniform(0.52, 0.85), 0.75 * size)
    inner = [path * size for path in glyph.paths]
    points = np.vstack(inner)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    bearing = rng.uniform(0.04, 0.2)
    shift = np.float32([radius + bearing, 0.5]) - middle
    ring = arc(radius + bearing, 0.5, radius).astype(np.float32)
    if filled:
        # A filled glyph can't hold a pen stroke: the ring becomes two outlines.
        half = min(style.pen, 0.09) / 2
        rings = [arc(radius + bearing, 0.5, radius + offset).astype(np.float32) for offset in (-half, half)]
        return Glyph(2 * (radius + bearing), [path + shift for path in inner] + rings), True
    return Glyph(2 * (radius + bearing), [path + shift for path in inner] + [ring]), False


def scaled(glyph, scale):
    return Glyph(glyph.advance * scale, [path * np.float32(scale) for path in glyph.paths])


def place(path, pen_x, style):
    """Moves a glyph's path to its place in the slanted, squeezed line."""
    x = (path[:, 0] + pen_x) * style.squeeze + path[:, 1] * style.slant
    return np.stack([x, path[:, 1]], axis=1)
