"""The rounds of the transform benchmark, and looking at what each contestant made."""

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.benchmarks.contestants import LIMIT, Contestant, Team
from ops.benchmarks.quality import Quality, Reference
from processors.recipes import PHOTO

Say = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """One contestant: CPU seconds a photo, photos a second on all cores, peak resident bytes, quality by version."""

    cpu: float
    rate: float
    rss: int
    quality: dict[str, Quality]


def run(entries: list[Contestant], photos: list[Path], rounds: int, scratch: Path, say: Say) -> dict[str, Result]:
    """Every contestant's result by name."""
    cores = len(os.sched_getaffinity(0))
    teams = [Team(entry, [photo.resolve() for photo in photos], cores) for entry in entries]
    try:
        quality = {}
        for team in teams:  # warms them up, too
            say(f"looking at what {team.name} makes")
            team.save(scratch / f"versions of {team.name}")
            team.together()
        quality = _qualities([team.name for team in teams if team.name != LIMIT], photos, scratch, say)
        spent: dict[str, list[float]] = {team.name: [] for team in teams}
        rates: dict[str, list[float]] = {team.name: [] for team in teams}
        peaks: dict[str, int] = {}
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for team in teams:
                alone = team.round()
                spent[team.name].append(alone.cpu / alone.photos)
                together = team.together()
                rates[team.name].append(sum(s.photos for s in together) / max(s.wall for s in together))
                peaks[team.name] = max(alone.rss, *(s.rss for s in together))
    finally:
        for team in teams:
            team.end()
    return {
        name: Result(statistics.median(spent[name]), statistics.median(rates[name]), peaks[name], quality.get(name, {}))
        for name in spent
    }


def _qualities(names: list[str], photos: list[Path], scratch: Path, say: Say) -> dict[str, dict[str, Quality]]:
    """By contestant and version, the mean over all photos."""
    found: dict[str, dict[str, list[Quality]]] = {name: {v.name: [] for v in PHOTO.versions} for name in names}
    for photo in photos:
        say(f"comparing {photo.name}")
        reference = Reference(photo)
        for name in names:
            for version, qualities in found[name].items():
                data = (scratch / f"versions of {name}" / f"{photo.stem}.{version}.jpg").read_bytes()
                qualities.append(reference.compare(data))
    return {
        name: {
            version: Quality(statistics.mean(q.ssim for q in all_), statistics.mean(q.energy for q in all_))
            for version, all_ in versions.items()
        }
        for name, versions in found.items()
    }
