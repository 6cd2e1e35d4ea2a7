"""A small convolutional net that reads one line of text; one column of probabilities per 4 px of width."""

import torch
from torch import nn

from classes import CLASS_COUNT

COLUMN_PX = 4


def convolution(inputs, outputs, kernel=3, stride=1):
    padding = kernel // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions around which the input passes."""

    def __init__(self, channels):
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, features):
        return torch.relu(features + self.second(self.first(features)))


class Along(nn.Module):
    """Lets each column see its neighbours: a wide depthwise convolution and a two-layer mix of channels."""

    def __init__(self, channels, kernel=7):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, (1, kernel), 1, (0, kernel // 2), groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * channels, channels, 1),
        )

    def forward(self, features):
        return features + self.block(features)


class Reader(nn.Module):
    """Takes `[N, 1, 32, W]` with pixels from -1 to 1 and gives class scores `[N, W / 4, classes]`."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            convolution(1, 16, kernel=5, stride=2),
            convolution(16, 24),
            convolution(24, 48, stride=2),
            Residual(48),
            convolution(48, 80, stride=(2, 1)),
            Residual(80),
            convolution(80, 112, stride=(2, 1)),
            # The two rows that are left become channels.
            nn.Conv2d(112, 192, (2, 1), bias=False),
            nn.BatchNorm2d(192),
            nn.ReLU(inplace=True),
            Along(192),
            Along(192),
            Along(192),
        )
        self.classify = nn.Linear(192, CLASS_COUNT)

    def forward(self, pixels):
        columns = self.features(pixels).squeeze(2).transpose(1, 2)
        return self.classify(columns)


class Probabilities(nn.Module):
    """The exported form, whose scores add up to one in each column."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def forward(self, pixels):
        return torch.softmax(self.reader(pixels), dim=2)
