"""A pool of drawn sheets, renewed all the time, from which varied batches are taken."""

import cv2
import numpy as np
import torch

from detect import MULTIPLE, ink_of
from generator import draw_sheet, scaled
from model import STRIDE
from targets import targets

# Sheets are kept a little larger than the net takes them, so that shrinking varies how sharp they are.
SPARE = 1.125


class Pool:
    """Sheets of both orientations; each serves a few times before it is replaced."""

    def __init__(self, task, fonts, seed, size=1200):
        self.task, self.fonts, self.next_seed, self.size = task, fonts, seed, size
        self.sheets = []
        self.rng = np.random.default_rng(seed)

    def draw(self, count):
        for _ in range(count):
            picture, regions = draw_sheet(self.next_seed, self.fonts)
            long_side = min(max(picture.shape), round(self.task.long_side * SPARE))
            sheet = scaled(picture, regions, self.task.kinds, long_side)
            self.next_seed += 1
            self.sheets.append(sheet)
        self.sheets = self.sheets[-self.size :]

    def batch(self, count):
        """Pictures, centre maps and boxes as tensors; all sheets of a batch have one orientation."""
        wide = self.rng.random() < 0.68
        chosen = [s for s in self.rng.permutation(len(self.sheets)) if (self.sheets[s][0].shape[1] > self.sheets[s][0].shape[0]) == wide][:count]
        varied = [vary(self.sheets[s], self.rng, self.task.long_side) for s in chosen]
        if self.task.window:
            varied = [window(sheet, self.rng, self.task.window) for sheet in varied]
        rows = padded(max(picture.shape[0] for picture, *_ in varied))
        columns = padded(max(picture.shape[1] for picture, *_ in varied))
        pixels = np.zeros((len(varied), 1, rows, columns), np.float32)
        answers = []
        for index, (picture, boxes, kinds, views) in enumerate(varied):
            pixels[index, 0, : picture.shape[0], : picture.shape[1]] = ink_of(picture)
            answers.append(targets(boxes, kinds, views, len(self.task.kinds), rows // STRIDE, columns // STRIDE))
        heat, sides, views = (np.stack(parts) for parts in zip(*answers))
        return tuple(torch.from_numpy(part) for part in (pixels, heat, sides, views))


def vary(sheet, rng, long_side):
    """Another size, lighter or darker ink, a little noise."""
    picture, boxes, kinds, views = sheet
    factor = long_side / max(picture.shape) * (1.0 if rng.random() < 0.5 else rng.uniform(0.8, 1.0))
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR).astype(np.float32)
    if rng.random() < 0.5:
        small = 255 - (255 - small) * rng.uniform(0.5, 1.5)
    if rng.random() < 0.2:
        small = small + rng.standard_normal(small.shape, dtype=np.float32) * np.float32(rng.uniform(1, 8))
    if rng.random() < 0.04:
        small = small * 0.4 + 153 * rng.uniform(0.5, 1)
    return np.clip(small, 0, 255).astype(np.uint8), boxes * factor, kinds, views


def window(sheet, rng, side):
    """A cut-out around a random region, with the regions that lie in it for the most part."""
    picture, boxes, kinds, views = sheet
    rows, columns = picture.shape
    x, y = rng.uniform(0, columns), rng.uniform(0, rows)
    if len(boxes) and rng.random() < 0.85:
        # Rare kinds are taken as often as frequent ones.
        kind = rng.choice(np.unique(kinds))
        box = boxes[rng.choice(np.flatnonzero(kinds == kind))]
        x, y = (box[0] + box[2]) / 2 + rng.uniform(-0.3, 0.3) * side, (box[1] + box[3]) / 2 + rng.uniform(-0.3, 0.3) * side
    left, top = int(np.clip(x - side / 2, 0, max(columns - side, 0))), int(np.clip(y - side / 2, 0, max(rows - side, 0)))
    cut = picture[top : top + side, left : left + side]
    moved = boxes - np.array([left, top, left, top], np.float32)
    limits = np.array([cut.shape[1], cut.shape[0]] * 2, np.float32)
    clipped = np.clip(moved, 0, limits)
    share = area(clipped) / np.maximum(area(moved), 1e-6)
    kept = share > 0.6
    return np.ascontiguousarray(cut), clipped[kept], kinds[kept], views[kept]


def area(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def padded(length):
    return -(-length // MULTIPLE) * MULTIPLE
