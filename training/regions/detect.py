"""Finds regions with an ONNX file of this folder: what a program must do before and after running it.

CARD.md describes the same in words.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime

MULTIPLE = 32
# Below this nothing is looked at; what counts as found is the caller's choice (see CARD.md).
THRESHOLD = 0.05
NMS_OVERLAP = 0.5
INSIDE = 0.85
# Boxes of neighbouring cells that overlap a kept one this much are averaged into it.
VOTE_OVERLAP = 0.6


@dataclass
class Found:
    """A region with its box x0, y0, x1, y1 in pixels of the picture; views say of which kind they look."""

    kind: str
    score: float
    box: tuple
    view: str = ""
    view_share: float = 0.0


class Finder:
    """A detector behind its pre- and post-processing."""

    def __init__(self, path, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        facts = self.session.get_modelmeta().custom_metadata_map
        self.kinds = facts["kinds"].split("\n")
        self.views = facts.get("views", "").split("\n")
        self.stride, self.long_side = int(facts["stride"]), int(facts["long_side"])

    def find(self, grey, threshold=THRESHOLD):
        """Gives what is found on a grey picture, best first."""
        pixels, factor = prepare(grey, self.long_side)
        answers = self.session.run(None, {"pixels": pixels})
        scores, sides = answers[0][0], answers[1][0].reshape(len(self.kinds), 4, *answers[0].shape[2:])
        found = []
        for index, kind in enumerate(self.kinds):
            y, x = np.nonzero(scores[index] >= threshold)
            boxes = decode(x, y, sides[index][:, y, x], self.stride, factor, grey.shape)
            kind_scores = scores[index][y, x]
            for place in suppress(kind_scores, boxes):
                box = averaged(boxes[place], kind_scores, boxes)
                region = Found(kind, float(kind_scores[place]), tuple(map(float, box)))
                if kind == "view" and len(answers) > 2:
                    shares = answers[2][0][:, y[place], x[place]]
                    region.view, region.view_share = self.views[shares.argmax()], float(shares.max())
                found.append(region)
        return sorted(found, key=lambda region: -region.score)


def prepare(grey, long_side):
    """Scales the long side to the net's size, turns dark sheets light, pads right and below with paper."""
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


def decode(x, y, sides, stride, factor, shape):
    """Boxes from cells and their distances to the left, top, right and bottom side."""
    left, top, right, bottom = sides
    centre_x, centre_y = (x + 0.5) * stride, (y + 0.5) * stride
    boxes = np.stack([centre_x - left, centre_y - top, centre_x + right, centre_y + bottom], axis=1) / factor
    boxes[:, 0::2] = boxes[:, 0::2].clip(0, shape[1])
    boxes[:, 1::2] = boxes[:, 1::2].clip(0, shape[0])
    return boxes


def suppress(scores, boxes):
    """Keeps the best of boxes of one kind that overlap or lie in each other; gives their places."""
    kept = []
    for place in np.argsort(-scores, kind="stable"):
        if area(boxes[place]) > 0 and all(overlap(boxes[place], boxes[other]) < NMS_OVERLAP and inside(boxes[place], boxes[other]) < INSIDE for other in kept):
            kept.append(place)
    return kept


def averaged(box, scores, boxes):
    """The mean of all candidates that overlap a kept box, weighted by score: steadier than one cell's answer."""
    weights = np.array([score if overlap(box, other) >= VOTE_OVERLAP else 0.0 for score, other in zip(scores, boxes)])
    return (boxes * weights[:, None]).sum(axis=0) / weights.sum()


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
