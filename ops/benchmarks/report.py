"""The transform benchmark's figures for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.benchmarks.contestants import INSIDE, LIMIT, SANDBOX
from processors.recipes import PHOTO

if TYPE_CHECKING:
    from ops.benchmarks.goals import Goal
    from ops.benchmarks.rounds import Result

SECONDS_A_DAY = 86_400


def table(results: dict[str, Result], goals: list[Goal], photos: int) -> str:
    """One table of speed, one of quality, then the goals."""
    ours, limit = results[SANDBOX], results[LIMIT]
    lines = [f"{photos} photos, four versions each", ""]
    lines.append(f"{'':<22}{'CPU-ms':>8}{'x limit':>9}{'photos/s':>10}{'MB peak':>9}{'ours is':>10}")
    for name, result in results.items():
        times = "" if name == SANDBOX else f"{result.cpu / ours.cpu:>9.2f}x"
        lines.append(
            f"{name:<22}{result.cpu * 1000:>8.1f}{result.cpu / limit.cpu:>9.2f}{result.rate:>10.1f}"
            f"{result.rss / 1e6:>9.0f}{times}"
        )
    cost = ours.cpu / results[INSIDE].cpu - 1
    lines += [
        "",
        f"The sandbox costs {cost:+.1%}. All cores together make {ours.rate * SECONDS_A_DAY:,.0f} photos a day.",
        "",
    ]
    versions = [spec.name for spec in PHOTO.versions]
    lines.append(f"{'SSIM / gradient energy':<22}" + "".join(f"{name:>18}" for name in versions))
    for name, result in results.items():
        if result.quality:
            cells = (result.quality[version] for version in versions)
            lines.append(f"{name:<22}" + "".join(f"{cell.ssim:>10.4f} / {cell.energy:.3f}" for cell in cells))
    lines.append("")
    lines += [f"{'reached' if goal.reached else 'MISSED ':<8} {goal.measured:>7.3f}  {goal.words}" for goal in goals]
    return "\n".join(lines)
