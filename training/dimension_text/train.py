"""Trains the reader on drawn samples for a given time and exports it, with a preview on the way."""

import argparse
import copy
import math
import time

import cv2
import torch
from torch import nn

from batches import Batches, collate
from classes import decode
from export import export
from generator import Generator
from model import Reader

PEAK_RATE, LAST_RATE, WARM_UP_SHARE = 1.5e-3, 1e-5, 0.03
EMA_DECAY = 0.998
REPORT_SECONDS, CHECK_SECONDS = 60, 300


def main():
    options = parse_options()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    reader = Reader().to(memory_format=torch.channels_last)
    if options.resume:
        reader.load_state_dict(torch.load(options.resume, weights_only=True))
    smooth = copy.deepcopy(reader).eval()
    print(f"parameters {sum(weight.numel() for weight in reader.parameters())}", flush=True)
    validation = held_out(options)
    train(reader, smooth, validation, options)
    print(f"final exact {exact_match(smooth, validation):.4f}", flush=True)
    torch.save(smooth.state_dict(), options.weights)
    export(smooth, options.output)


def parse_options():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fonts", required=True, help="folder with the unpacked font packages")
    arguments.add_argument("--output", required=True, help="the ONNX file")
    arguments.add_argument("--weights", required=True, help="where the PyTorch weights go")
    arguments.add_argument("--resume", help="weights to start from")
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--peak-rate", type=float, default=PEAK_RATE)
    arguments.add_argument("--batch", type=int, default=32)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--bfloat16", action="store_true", help="faster where the processor has it")
    arguments.add_argument("--seed", type=int, default=7)
    return arguments.parse_args()


def train(reader, smooth, validation, options):
    """Runs AdamW; the learning rate follows the clock, since the time is what is given."""
    decayed = [weight for weight in reader.parameters() if weight.ndim > 1]
    plain = [weight for weight in reader.parameters() if weight.ndim <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}])
    stream = Batches(options.fonts, options.seed, options.batch)
    loader = torch.utils.data.DataLoader(
        stream, batch_size=None, num_workers=options.workers, prefetch_factor=48, worker_init_fn=single_thread
    )
    started = time.monotonic()
    reported = checked = started
    seen, losses = 0, []
    for pixels, targets, columns, lengths, _ in loader:
        now = time.monotonic()
        share = (now - started) / (options.minutes * 60)
        if share >= 1:
            return
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(share, options.peak_rate)
        losses.append(step(reader, optimiser, pixels, targets, columns, lengths, options.bfloat16))
        seen += len(lengths)
        follow(smooth, reader, min(EMA_DECAY, (1 + len(losses)) / (10 + len(losses))))
        if now - reported > REPORT_SECONDS:
            print(
                f"{now - started:.0f} s, {seen} samples, loss {sum(losses[-200:]) / len(losses[-200:]):.4f}", flush=True
            )
            reported = now
        if now - checked > CHECK_SECONDS:
            print(f"exact {exact_match(smooth, validation):.4f}", flush=True)
            torch.save(smooth.state_dict(), options.weights)
            export(copy.deepcopy(smooth), options.output)
            checked = now


def single_thread(_worker):
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def learning_rate(share, peak):
    """Rises for a moment, then falls along a cosine."""
    if share < WARM_UP_SHARE:
        return peak * (share + 1e-3) / WARM_UP_SHARE
    return LAST_RATE + (peak - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))


def step(reader, optimiser, pixels, targets, columns, lengths, bfloat16):
    reader.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        scores = reader(pixels.contiguous(memory_format=torch.channels_last))
    logarithms = scores.float().log_softmax(dim=2).transpose(0, 1)
    loss = nn.functional.ctc_loss(logarithms, targets, columns, lengths, zero_infinity=True)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(reader.parameters(), 5.0)
    optimiser.step()
    return loss.item()


@torch.no_grad()
def follow(smooth, reader, decay):
    """Keeps the moving average of the weights, which reads better than the weights of any one moment."""
    for kept, current in zip(smooth.state_dict().values(), reader.state_dict().values()):
        if kept.is_floating_point():
            kept.lerp_(current, 1 - decay)
        else:
            kept.copy_(current)


def held_out(options):
    """A fixed set of drawn samples from another seed than the training's."""
    generator = Generator(options.fonts, [options.seed, 1_000_003])
    samples = sorted((generator.sample() for _ in range(2048)), key=lambda sample: sample[0].shape[1])
    return [collate(samples[start : start + 64]) for start in range(0, len(samples), 64)]


@torch.no_grad()
def exact_match(reader, validation):
    reader.eval()
    right = total = 0
    for pixels, _, columns, _, texts in validation:
        best = reader(pixels).argmax(dim=2)
        for row, text in enumerate(texts):
            right += decode(best[row, : columns[row]].tolist()) == text
            total += 1
    return right / total


if __name__ == "__main__":
    main()
