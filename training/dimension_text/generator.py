"""Makes training samples: a grey cut-out 32 px high and what it says. As a script, draws a sheet to look at."""

import argparse

import cv2
import numpy as np

from classes import fold
from fonts import load_typefaces
from grammar import write_text
from scanning import HEIGHT, scan
from scene import draw_scene
from typesetting import choose_style


class Generator:
    """An endless source of samples; the same seed gives the same samples."""

    def __init__(self, fonts, seed):
        self.typefaces, self.weights, self.signs = load_typefaces(fonts)
        self.rng = np.random.default_rng(seed)

    def sample(self):
        """Gives a picture and its folded text."""
        text = write_text(self.rng)
        while True:
            style = choose_style(self.typefaces, self.weights, self.signs, self.rng)
            canvas = draw_scene(text, style, self.rng)
            if canvas is not None:
                return scan(canvas, self.rng), fold(text)
            # Some texts mix characters that few fonts hold together.
            if self.rng.random() < 0.05:
                text = write_text(self.rng)


def draw_sheet(generator, width=1400, rows=34):
    """Lays samples side by side."""
    sheet = np.full((rows * (HEIGHT + 6), width), 128, np.uint8)
    for row in range(rows):
        x = 4
        while True:
            picture, text = generator.sample()
            if x + picture.shape[1] > width:
                break
            sheet[row * (HEIGHT + 6) : row * (HEIGHT + 6) + HEIGHT, x : x + picture.shape[1]] = picture
            x += picture.shape[1] + 6
    return sheet


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fonts", required=True)
    arguments.add_argument("--sheet", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    cv2.imwrite(options.sheet, draw_sheet(Generator(options.fonts, options.seed)))
