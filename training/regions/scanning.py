"""What happens to a sheet after drawing: plotting, scanning, copying, inversion."""

import cv2
import numpy as np


def age(picture, regions, rng):
    """Gives the picture as a scanner or a renderer may show it, with the boxes moved along."""
    if rng.random() < 0.35:
        picture, regions = skew(picture, regions, rng)
    kind = rng.random()
    if kind < 0.62:
        return picture, regions
    height, width = picture.shape
    if rng.random() < 0.15:
        stamp(picture, rng)
    picture = picture.astype(np.float32)
    if kind < 0.72:
        picture = 255 - (255 - picture) * rng.uniform(0.35, 0.8)
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.3))
    if rng.random() < 0.6:
        paper = rng.uniform(180, 255)
        picture = picture * (paper / 255)
        slope = np.linspace(-1, 1, width, dtype=np.float32) * rng.uniform(-20, 20)
        picture = picture + slope + (np.linspace(-1, 1, height, dtype=np.float32) * rng.uniform(-20, 20))[:, None]
    if rng.random() < 0.12:
        holes(picture, rng)
    if rng.random() < 0.6:
        coarse = rng.standard_normal((height // 2 + 1, width // 2 + 1), dtype=np.float32)
        noise = cv2.resize(coarse, (width, height)) if rng.random() < 0.5 else rng.standard_normal((height, width), dtype=np.float32)
        picture = picture + noise * np.float32(rng.uniform(2, 16))
    picture = np.clip(picture, 0, 255)
    if rng.random() < 0.12:
        picture = np.where(picture < rng.uniform(120, 200), 0.0, 255.0)
    picture = picture.astype(np.uint8)
    if rng.random() < 0.4:
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
        picture = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return picture, regions


def skew(picture, regions, rng):
    """Turns by up to two degrees, shears a little and shifts; boxes become those of the turned corners."""
    height, width = picture.shape
    angle = rng.uniform(-2, 2) if rng.random() < 0.7 else rng.uniform(-0.5, 0.5)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, rng.uniform(0.9, 1.0))
    matrix[0, 1] += rng.uniform(-0.01, 0.01)
    matrix[:, 2] += rng.uniform(-0.01, 0.01, 2) * (width, height)
    edge = int(rng.choice([255, 255, rng.uniform(0, 255)]))
    picture = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=edge)
    moved = []
    for region in regions:
        x0, y0, x1, y1 = region["box"]
        corners = np.array([(x0, y0, 1), (x1, y0, 1), (x1, y1, 1), (x0, y1, 1)]) @ matrix.T
        low, high = corners.min(axis=0), corners.max(axis=0)
        moved.append({**region, "box": (*np.clip(low, 0, (width, height)), *np.clip(high, 0, (width, height)))})
    return picture, moved


def stamp(picture, rng):
    """A round or square rubber stamp somewhere."""
    height, width = picture.shape
    x, y = int(rng.uniform(0.1, 0.9) * width), int(rng.uniform(0.1, 0.9) * height)
    radius = int(width * rng.uniform(0.02, 0.06))
    ink = float(rng.uniform(90, 190))
    if rng.random() < 0.5:
        cv2.circle(picture, (x, y), radius, ink, 2, cv2.LINE_AA)
        cv2.circle(picture, (x, y), int(radius * 0.7), ink, 1, cv2.LINE_AA)
    else:
        cv2.rectangle(picture, (x, y), (x + radius * 3, y + radius), ink, 2)
    cv2.putText(picture, "RELEASED", (x - radius // 2, y), cv2.FONT_HERSHEY_SIMPLEX, radius / 60, ink, 1, cv2.LINE_AA)


def holes(picture, rng):
    height, width = picture.shape
    for fraction in (0.35, 0.65):
        cv2.circle(picture, (int(width * 0.015), int(height * fraction)), int(width * 0.007), float(rng.uniform(0, 120)), -1, cv2.LINE_AA)
