"""Gathers samples of like width into batches, rendered in a process of its own."""

import numpy as np
import torch

from classes import encode
from generator import Generator
from scanning import HEIGHT

# Samples are sorted within a pool, so that a batch has little padding.
POOL_BATCHES = 32
WHITE = 1.0


class Batches(torch.utils.data.IterableDataset):
    """An endless stream of batches; each worker draws from its own seed."""

    def __init__(self, fonts, seed, batch_size):
        self.fonts, self.seed, self.batch_size = fonts, seed, batch_size

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        seed = [self.seed, worker.id if worker else 0]
        generator, rng = Generator(self.fonts, seed), np.random.default_rng(seed)
        while True:
            pool = [generator.sample() for _ in range(POOL_BATCHES * self.batch_size)]
            pool.sort(key=lambda sample: sample[0].shape[1])
            for index in rng.permutation(POOL_BATCHES):
                yield collate(pool[index * self.batch_size : (index + 1) * self.batch_size])


def collate(samples):
    """Gives pixels, class indices, the column count and the text length of each sample, and the texts."""
    samples = [sample for sample in samples if columns(sample[0]) >= needed_columns(sample[1])]
    widest = 4 * max(columns(picture) for picture, _ in samples)
    pixels = torch.full((len(samples), 1, HEIGHT, widest), WHITE)
    for row, (picture, _) in enumerate(samples):
        pixels[row, 0, :, : picture.shape[1]] = torch.from_numpy(normalise(picture))
    texts = [text for _, text in samples]
    targets = torch.tensor([index for text in texts for index in encode(text)], dtype=torch.long)
    lengths = torch.tensor([columns(picture) for picture, _ in samples], dtype=torch.long)
    return pixels, targets, lengths, torch.tensor([len(text) for text in texts], dtype=torch.long), texts


def normalise(picture):
    return (picture.astype(np.float32) / 255 - 0.5) / 0.5


def columns(picture):
    """How many columns of probabilities the net gives for a picture."""
    return (picture.shape[1] + 3) // 4


def needed_columns(text):
    """CTC puts a blank between two equal characters."""
    return len(text) + sum(first == second for first, second in zip(text, text[1:]))
