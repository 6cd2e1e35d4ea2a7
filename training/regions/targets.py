"""What the net is to answer for a sheet, and how far its answer is off."""

import numpy as np
import torch

from model import STRIDE, UNIT

# Cells whose weight is above this learn the box's sides.
POSITIVE = 0.35


def targets(boxes, kinds, views, count, rows, columns):
    """A map of centres, and per cell and kind the box that it should give (its weight says how much)."""
    heat = np.zeros((count, rows, columns), np.float32)
    sides = np.zeros((count, 4, rows, columns), np.float32)
    view_map = np.full((rows, columns), -1, np.int64)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * STRIDE + STRIDE / 2
    for (x0, y0, x1, y1), kind, view in sorted(zip(boxes, kinds, views), key=lambda item: -(item[0][2] - item[0][0]) * (item[0][3] - item[0][1])):
        spread_x, spread_y = (float(np.clip((b - a) * 0.1, STRIDE * 0.55, STRIDE * 2.5)) for a, b in ((x0, x1), (y0, y1)))
        centre_x = (int((x0 + x1) / 2 / STRIDE) + 0.5) * STRIDE
        centre_y = (int((y0 + y1) / 2 / STRIDE) + 0.5) * STRIDE
        near = np.exp(-((x - centre_x) ** 2) / (2 * spread_x**2) - (y - centre_y) ** 2 / (2 * spread_y**2))
        nearer = near > heat[kind]
        sides[kind][:, nearer] = np.stack([np.full_like(x, v) for v in (x0, y0, x1, y1)])[:, nearer]
        if view >= 0:
            view_map[nearer & (near > POSITIVE)] = view
        heat[kind] = np.maximum(heat[kind], near)
    return heat, sides, view_map


def loss(answers, heat, sides, views):
    """Focal loss of centres, overlap and logarithmic loss of sides, entropy of the kinds of views."""
    scores, distances, *view_logits = answers
    probability = torch.sigmoid(scores).clamp(1e-4, 1 - 1e-4)
    centre = heat > 0.999
    missed = -torch.log(probability) * (1 - probability) ** 2 * centre
    invented = -torch.log(1 - probability) * probability**2 * (1 - heat) ** 4 * ~centre
    count = centre.sum().clamp(min=1)
    centre_loss = (missed.sum() + invented.sum()) / count
    is_told = view_logits and (views >= 0).any()
    view_loss = torch.nn.functional.cross_entropy(view_logits[0], views, ignore_index=-1) if is_told else 0.0
    return centre_loss + side_loss(distances, heat, sides) + 0.3 * view_loss, centre_loss


def side_loss(distances, heat, sides):
    batch, kinds, rows, columns = heat.shape
    index = (heat > POSITIVE).nonzero(as_tuple=True)
    weight = heat[index]
    guess = distances.view(batch, kinds, 4, rows, columns).permute(0, 1, 3, 4, 2)[index].clamp(-4, 4)
    truth_box = sides.permute(0, 1, 3, 4, 2)[index]
    x = (index[3].float() + 0.5) * STRIDE
    y = (index[2].float() + 0.5) * STRIDE
    truth = torch.stack([x - truth_box[:, 0], y - truth_box[:, 1], truth_box[:, 2] - x, truth_box[:, 3] - y], dim=1).clamp(min=0.5)
    logs = (guess - torch.log(truth / UNIT)).abs().mean(dim=1)
    lengths = torch.exp(guess) * UNIT
    overlap = generalised_overlap(lengths, truth)
    return ((1 - overlap) * 1.5 + logs * 0.5).mul(weight).sum() / weight.sum().clamp(min=1)


def generalised_overlap(first, second):
    """GIoU of boxes that are given by distances from one point."""
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    common = (low[:, 0] + low[:, 2]) * (low[:, 1] + low[:, 3])
    hull = (high[:, 0] + high[:, 2]) * (high[:, 1] + high[:, 3])
    union = area(first) + area(second) - common
    return common / union - (hull - union) / hull


def area(distances):
    return (distances[:, 0] + distances[:, 2]) * (distances[:, 1] + distances[:, 3])
