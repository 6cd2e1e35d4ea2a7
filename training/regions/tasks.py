"""The two nets of this folder: one for regions on the whole sheet, one for small marks at a finer scale."""

from dataclasses import dataclass

from classes import KINDS, MARKS


@dataclass(frozen=True)
class Task:
    """`window` is the side of the cut-outs that are trained on, 0 for whole sheets; `sees_far` pools rows and columns."""

    name: str
    kinds: tuple
    long_side: int
    window: int
    widths: tuple
    head: int
    sees_far: bool
    has_views: bool


TASKS = {
    "regions": Task("regions", tuple(KINDS), 512, 0, (12, 24, 40, 72, 112), 48, True, True),
    "marks": Task("marks", tuple(MARKS), 1280, 384, (10, 20, 32, 48, 64), 32, False, False),
}
