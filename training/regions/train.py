"""Trains a detector on drawn sheets for a given processor time and exports it.

Progress is measured in the process's own processor time: other programs may take the machine for a while,
and a slow machine gives a weaker net but no broken schedule.
"""

import argparse
import copy
import math
import time
from pathlib import Path

import cv2
import torch

from batches import Pool
from export import export
from model import Detector
from targets import loss
from tasks import TASKS

HERE = Path(__file__).resolve().parent
BATCH = 12
# New sheets per step; each is seen about six times.
FRESH = 2
# Of the averaged weights: about the last hundred steps count.
DECAY = 0.99


def learning_rate(progress, peak):
    """A short rise, then a cosine to nothing."""
    if progress < 0.03:
        return peak * (0.05 + progress / 0.03 * 0.95)
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - 0.03) / 0.97)) + 1e-6


def average(mean, detector, step):
    """Moves the averaged weights towards the current ones."""
    decay = min(DECAY, (1 + step) / (10 + step))
    with torch.no_grad():
        for kept, current in zip(mean.state_dict().values(), detector.state_dict().values()):
            if kept.dtype.is_floating_point:
                kept.lerp_(current, 1 - decay)
            else:
                kept.copy_(current)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("task", choices=TASKS)
    arguments.add_argument("--fonts", required=True, type=Path)
    arguments.add_argument("--weights", required=True, type=Path)
    arguments.add_argument("--output", type=Path, help="default: the task's ONNX file beside this script")
    arguments.add_argument("--minutes", type=float, default=60, help="of processor time")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rate", type=float, default=2e-3)
    arguments.add_argument("--from-weights", type=Path)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    task = TASKS[options.task]
    detector = Detector(task)
    if options.from_weights:
        detector.load_state_dict(torch.load(options.from_weights), strict=False)
    detector = detector.to(memory_format=torch.channels_last).train()
    mean = copy.deepcopy(detector).eval()
    optimiser = torch.optim.AdamW(detector.parameters(), lr=1e-6, weight_decay=0.02)
    pool = Pool(task, options.fonts, options.seed * 1_000_000)
    pool.draw(80)
    started, step, seen, shown = time.process_time(), 0, [], 0.0
    while (progress := (time.process_time() - started) / 60 / options.minutes) < 1:
        pool.draw(FRESH)
        pixels, *answers = pool.batch(BATCH)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(progress, options.rate)
        whole, centre = loss(detector(pixels.to(memory_format=torch.channels_last)), *answers)
        optimiser.zero_grad()
        whole.backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 5.0)
        optimiser.step()
        average(mean, detector, step)
        step += 1
        seen.append((whole.detach().item(), centre.detach().item()))
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            recent = [sum(column) / len(column) for column in zip(*seen[-60:])]
            print(f"{progress:5.1%} step {step} loss {recent[0]:.3f} centre {recent[1]:.3f} sheets {pool.next_seed % 1_000_000}", flush=True)
            torch.save(mean.state_dict(), options.weights)
    torch.save(mean.state_dict(), options.weights)
    export(mean, task, options.output or HERE / f"{task.name}.onnx")


if __name__ == "__main__":
    main()
