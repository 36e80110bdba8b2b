"""What the transform has to reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.benchmarks.contestants import INSIDE, LIMIT, PILLOW, SANDBOX, SHARP, VIPS

if TYPE_CHECKING:
    from ops.benchmarks.rounds import Result

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Goal:
    """`measured` has to be at most or at least `wanted`, as `words` says."""

    words: str
    measured: float
    wanted: float
    reached: bool


def judge(results: dict[str, Result]) -> list[Goal]:
    """Every goal, judged on what a worker runs: the transform inside the sandbox."""
    ours = results[SANDBOX]
    return [
        _at_most("CPU a photo, times the codec limit", ours.cpu / results[LIMIT].cpu, 1.4),
        _at_least("times as fast as sharp", results[SHARP].cpu / ours.cpu, 3.0),
        _at_least("times as fast as pyvips", results[VIPS].cpu / ours.cpu, 1.5),
        _at_most("MB resident a process", ours.rss / MEGABYTE, 200),
        _at_least("SSIM, times the best peer's (worst version)", _worst(results, "ssim"), 0.97),
        _at_least("gradient energy, times the best peer's (worst version)", _worst(results, "energy"), 0.97),
        _at_most("sandbox's own cost, times the transform alone", ours.cpu / results[INSIDE].cpu, 1.1),
    ]


def _worst(results: dict[str, Result], what: str) -> float:
    """Our figure over the best peer's, for the version where we stand worst."""
    ratios = []
    for version, quality in results[SANDBOX].quality.items():
        best = max(getattr(results[peer].quality[version], what) for peer in (VIPS, PILLOW, SHARP))
        ratios.append(getattr(quality, what) / best)
    return min(ratios)


def _at_most(words: str, measured: float, wanted: float) -> Goal:
    return Goal(f"at most {wanted:g} {words}", measured, wanted, measured <= wanted)


def _at_least(words: str, measured: float, wanted: float) -> Goal:
    return Goal(f"at least {wanted:g} {words}", measured, wanted, measured >= wanted)
