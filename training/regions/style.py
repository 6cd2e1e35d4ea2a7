"""What all strokes of one sheet have in common: line weights, text height, arrows, number format."""

from dataclasses import dataclass

from canvas import Pen


@dataclass
class Style:
    """`letter` is the capital height of dimensions in pixels; other sizes follow from it."""

    rng: object
    letter: float
    thick: Pen
    thin: Pen
    centre: Pen
    arrow: str
    arrow_length: float
    is_aligned: bool
    decimals: int
    separator: str
    is_inch: bool

    def number(self, value=None):
        rng = self.rng
        value = value if value is not None else float(rng.choice([rng.uniform(1, 20), rng.uniform(10, 150), rng.uniform(50, 900)]))
        if self.is_inch:
            return f"{value / 25.4:.{max(2, self.decimals)}f}".lstrip("0")
        text = f"{value:.{self.decimals}f}" if self.decimals and rng.random() < 0.8 else f"{value:.0f}"
        return text.replace(".", self.separator)


def random_style(rng, long_side):
    """Draws a style; sheets from A4 to A0 differ in how large their letters look."""
    letter = long_side * rng.choice([rng.uniform(0.0045, 0.008), rng.uniform(0.007, 0.012), rng.uniform(0.011, 0.016)], p=[0.22, 0.46, 0.32])
    thick_ink = rng.choice([0, rng.uniform(0, 60), rng.uniform(60, 130)], p=[0.55, 0.3, 0.15])
    thin_ink = min(200, thick_ink + rng.choice([0, rng.uniform(20, 90), rng.uniform(90, 150)], p=[0.25, 0.4, 0.35]))
    width = int(rng.choice([1, 2, 3], p=[0.45, 0.43, 0.12]))
    thin = Pen(thin_ink, 1)
    unit = long_side / 300
    pattern = [(4 * unit, unit, unit * 0.6, unit), (3 * unit, unit), (6 * unit, 1.5 * unit, 1.5 * unit, 1.5 * unit)][rng.integers(3)]
    return Style(
        rng=rng,
        letter=float(letter),
        thick=Pen(thick_ink, width),
        thin=thin,
        centre=Pen(min(215, thin_ink + rng.uniform(0, 40)), 1, pattern),
        arrow=str(rng.choice(["filled", "filled", "filled", "open", "tick", "dot"])),
        arrow_length=float(letter * rng.uniform(0.7, 1.5)),
        is_aligned=bool(rng.random() < 0.7),
        decimals=int(rng.choice([0, 1, 2, 3], p=[0.4, 0.25, 0.25, 0.1])),
        separator=str(rng.choice([".", ","])),
        is_inch=bool(rng.random() < 0.15),
    )
