"""The detector: a small residual net with one output map, in the manner of anchor-free detectors.

Regions are as large as the sheet, so every cell must see far: rows and columns are pooled over their
whole length, which is also how long ruled lines show best.
"""

import torch
from torch import nn

from classes import VIEWS

STRIDE = 8
# A distance of exp(0) from a cell to a side of its box, in pixels of the input.
UNIT = 16.0


class Convolution(nn.Sequential):
    """Convolution, normalisation and, unless told otherwise, a rectifier."""

    def __init__(self, inputs, outputs, kernel=3, stride=1, dilation=1, active=True):
        layers = [nn.Conv2d(inputs, outputs, kernel, stride, (kernel // 2) * dilation, dilation, bias=False), nn.BatchNorm2d(outputs)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels, dilation=1):
        super().__init__()
        self.body = nn.Sequential(Convolution(channels, channels, dilation=dilation), Convolution(channels, channels, active=False))

    def forward(self, x):
        return torch.relu(x + self.body(x))


class Strips(nn.Module):
    """Adds what is known of each cell's whole row, whole column and of the sheet."""

    def __init__(self, channels):
        super().__init__()
        self.rows = nn.Conv2d(channels, channels, 1)
        self.columns = nn.Conv2d(channels, channels, 1)
        self.sheet = nn.Conv2d(channels, channels, 1)
        self.out = Convolution(channels, channels, 1, active=False)

    def forward(self, x):
        rows = self.rows(x.amax(dim=3, keepdim=True))
        columns = self.columns(x.amax(dim=2, keepdim=True))
        sheet = self.sheet(x.mean(dim=(2, 3), keepdim=True))
        return torch.relu(x + self.out(torch.relu(rows + columns + sheet)))


class Detector(nn.Module):
    """Gives, at a stride of 8 pixels, a score logit and four log distances for each kind, and logits of the kinds of views."""

    def __init__(self, task):
        super().__init__()
        a, b, c, d, e = task.widths
        kinds, head = len(task.kinds), task.head
        far = Strips if task.sees_far else lambda channels: nn.Identity()
        self.stem = nn.Sequential(Convolution(1, a, 3, 2), Convolution(a, b, 3, 2))
        self.eighth = nn.Sequential(Convolution(b, c, 3, 2), Residual(c))
        self.sixteenth = nn.Sequential(Convolution(c, d, 3, 2), Residual(d), Residual(d))
        self.deep = nn.Sequential(Convolution(d, e, 3, 2), Residual(e), far(e), Residual(e, 2), far(e), Residual(e))
        self.deep_out = Convolution(e, d, 1)
        self.middle = nn.Sequential(Convolution(d, d), far(d))
        self.middle_out = Convolution(d, c, 1)
        self.fine = Convolution(c, c)
        self.head = nn.Sequential(Convolution(c, head), Convolution(head, head))
        self.scores = nn.Conv2d(head, kinds, 1)
        self.distances = nn.Conv2d(head, 4 * kinds, 1)
        self.views = nn.Conv2d(head, len(VIEWS), 1) if task.has_views else None
        nn.init.constant_(self.scores.bias, -4.0)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, pixels):
        eighth = self.eighth(self.stem(pixels))
        sixteenth = self.sixteenth(eighth)
        middle = self.middle(sixteenth + self.upsample(self.deep_out(self.deep(sixteenth))))
        fine = self.fine(eighth + self.upsample(self.middle_out(middle)))
        features = self.head(fine)
        answers = (self.scores(features), self.distances(features))
        return (*answers, self.views(features)) if self.views else answers


class Exported(nn.Module):
    """What the ONNX file holds: probabilities, distances in pixels, and shares of the kinds of views."""

    def __init__(self, detector):
        super().__init__()
        self.detector = detector

    def forward(self, pixels):
        scores, distances, *views = self.detector(pixels)
        answers = (torch.sigmoid(scores), torch.exp(distances.clamp(-4, 4)) * UNIT)
        return (*answers, torch.softmax(views[0], dim=1)) if views else answers
