"""Finds regions with the ONNX file: what a program that uses it must do before and after.

CARD.md describes the same in words.
"""

import cv2
import numpy as np
import onnxruntime

MULTIPLE = 32
THRESHOLD = 0.05
NMS_OVERLAP = 0.5
INSIDE = 0.85


class Regions:
    """The detector behind its pre- and post-processing."""

    def __init__(self, path, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        facts = self.session.get_modelmeta().custom_metadata_map
        self.kinds = facts["kinds"].split("\n")
        self.stride = int(facts["stride"])
        self.long_side = int(facts["long_side"])

    def find(self, grey, threshold=THRESHOLD):
        """Gives (kind, score, x0, y0, x1, y1) in pixels of the picture, best first."""
        pixels, factor = prepare(grey, self.long_side)
        scores, distances = self.session.run(["scores", "distances"], {"pixels": pixels})
        return decode(scores[0], distances[0], self.kinds, self.stride, factor, grey.shape, threshold)


def prepare(grey, long_side):
    """Scales the long side to the net's size, turns dark sheets light, and pads right and below with paper."""
    factor = long_side / max(grey.shape)
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    ink = ink_of(255 - small if level(small, 0.5) < 128 else small)
    rows, columns = (-(-length // MULTIPLE) * MULTIPLE for length in ink.shape)
    pixels = np.zeros((1, 1, rows, columns), np.float32)
    pixels[0, 0, : ink.shape[0], : ink.shape[1]] = ink
    return pixels, factor


def ink_of(grey):
    """Ink as 0 (paper) to 1 (black); paper is the grey that nine of ten pixels do not exceed."""
    paper = np.float32(max(level(grey, 0.9), 1))
    return np.clip((paper - grey.astype(np.float32)) / paper, 0, 1)


def level(grey, share):
    """The smallest grey that at least this share of the pixels does not exceed."""
    reached = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    return int(np.searchsorted(reached, share * grey.size))


def decode(scores, distances, kinds, stride, factor, shape, threshold):
    found = []
    rows, columns = scores.shape[1:]
    sides = distances.reshape(len(kinds), 4, rows, columns)
    for index, kind in enumerate(kinds):
        y, x = np.nonzero(scores[index] >= threshold)
        left, top, right, bottom = sides[index][:, y, x]
        centre_x, centre_y = (x + 0.5) * stride, (y + 0.5) * stride
        boxes = np.stack([centre_x - left, centre_y - top, centre_x + right, centre_y + bottom], axis=1) / factor
        boxes[:, 0::2] = boxes[:, 0::2].clip(0, shape[1])
        boxes[:, 1::2] = boxes[:, 1::2].clip(0, shape[0])
        found += [(kind, float(score), *map(float, box)) for score, box in suppress(scores[index][y, x], boxes)]
    return sorted(found, key=lambda region: -region[1])


def suppress(scores, boxes):
    """Keeps the best of boxes of one kind that overlap or lie in each other."""
    kept = []
    for index in np.argsort(-scores, kind="stable"):
        if all(overlap(boxes[index], other) < NMS_OVERLAP and inside(boxes[index], other) < INSIDE for _, other in kept):
            kept.append((scores[index], boxes[index]))
    return kept


def common(first, second):
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def area(box):
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def overlap(first, second):
    shared = common(first, second)
    return shared / max(area(first) + area(second) - shared, 1e-9)


def inside(first, second):
    """The share of the smaller box that lies in the other."""
    return common(first, second) / max(min(area(first), area(second)), 1e-9)
