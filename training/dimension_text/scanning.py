"""Turns ink coverage into a grey picture as screens, plotters and scanners leave it."""

import cv2
import numpy as np

HEIGHT = 32
NARROWEST_PX, WIDEST_PX = 16, 640


def scan(canvas, rng):
    """Gives the picture of the cut-out at the height that the net reads."""
    paper, ink, line_ink = shades(rng)
    # The text stands at 8 to 60 px in real pictures, mostly at 12 to 30.
    height = float(np.clip(rng.lognormal(np.log(24), 0.42), 9, 64))
    text = resize_to_height(canvas.text, height).astype(np.float32) / 255
    clutter = resize_to_height(canvas.clutter, height).astype(np.float32) / 255
    picture = paper + (line_ink - paper) * clutter
    picture += (ink - picture) * text
    if rng.random() < 0.06:
        picture = grid(picture, rng)
    picture = optics(picture, rng)
    if rng.random() < 0.1:
        picture = binarise(picture, rng)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE)
    if rng.random() < 0.015:
        picture = 255 - picture
    return normalise_height(picture, rng.choice([cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC]))


def normalise_height(picture, interpolation=cv2.INTER_LINEAR):
    """Scales a grey cut-out to the net's height and keeps its shape."""
    height, width = picture.shape
    wanted = int(np.clip(round(width * HEIGHT / height), NARROWEST_PX, WIDEST_PX))
    return cv2.resize(picture, (wanted, HEIGHT), interpolation=int(interpolation))


def resize_to_height(layer, height):
    width = max(4, round(layer.shape[1] * height / layer.shape[0]))
    return cv2.resize(layer, (width, round(height)), interpolation=cv2.INTER_AREA)


def shades(rng):
    """Grey levels of paper, text and lines; blue, red and grey ink are lighter than black."""
    paper = 255.0 if rng.random() < 0.6 else rng.uniform(190, 255)
    ink = rng.uniform(0, 50) if rng.random() < 0.7 else rng.uniform(30, 150)
    line_ink = ink if rng.random() < 0.6 else rng.uniform(0, 190)
    return paper, ink, line_ink


def grid(picture, rng):
    step, shade = rng.integers(5, 20), rng.uniform(0.75, 0.97)
    picture[rng.integers(step) :: step] *= shade
    picture[:, rng.integers(step) :: step] *= shade
    return picture


def optics(picture, rng):
    """Blur, uneven light and noise."""
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0))
    if rng.random() < 0.1:
        picture = picture + np.linspace(0, rng.uniform(-50, 50), picture.shape[1], dtype=np.float32)
    if rng.random() < 0.25:
        picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(rng.uniform(2, 18))
    return picture


def binarise(picture, rng):
    """A fax-like scan: strokes break or run together, and single pixels are lost."""
    low, high = float(picture.min()), float(picture.max())
    black = picture < low + (high - low) * rng.uniform(0.35, 0.75)
    black ^= rng.random(picture.shape) < rng.choice([0, 0, 0.01, 0.03])
    return np.where(black, 0, 255).astype(np.float32)
