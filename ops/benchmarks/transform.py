"""`./ops/bench transform DIR`: the four versions of every photo in DIR, against peers and the codec's own limit.

Rounds alternate between the contestants, so that a noisy machine disturbs all of them alike. CPU seconds a photo are
the median of the rounds. Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from ops.benchmarks.contestants import LIMIT, Contestant, Team, contestants
from ops.benchmarks.environments import NotInstalled
from ops.benchmarks.goals import judge
from ops.benchmarks.quality import Quality, Reference
from ops.benchmarks.report import table
from processors.recipes import PHOTO


@dataclass(frozen=True)
class Result:
    """One contestant: CPU seconds a photo, photos a second on all cores, peak resident bytes, quality by version."""

    cpu: float
    rate: float
    rss: int
    quality: dict[str, Quality]


def main(argv: list[str]) -> int:
    options = _parse(argv)
    photos = sorted(path for path in options.folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not photos:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as scratch:
        try:
            entries = contestants(options.environments or Path(scratch), _say)
        except NotInstalled as error:
            print(f"a peer could not be installed: {error}", file=sys.stderr)
            return 2
        results = run(entries, photos, options.rounds, Path(scratch))
    goals = judge(results)
    if options.json:
        plain = {name: asdict(result) for name, result in results.items()}
        print(
            json.dumps({"photos": len(photos), "results": plain, "goals": [asdict(goal) for goal in goals]}, indent=2)
        )
    else:
        print(table(results, goals, len(photos)))
    return 0 if all(goal.reached for goal in goals) else 1


def run(entries: list[Contestant], photos: list[Path], rounds: int, scratch: Path) -> dict[str, Result]:
    """Every contestant's result by name."""
    cores = len(os.sched_getaffinity(0))
    teams = [Team(entry, [photo.resolve() for photo in photos], cores) for entry in entries]
    try:
        quality = {}
        for team in teams:  # warms them up, too
            _say(f"looking at what {team.name} makes")
            team.save(scratch / f"versions of {team.name}")
            team.together()
        quality = _qualities([team.name for team in teams if team.name != LIMIT], photos, scratch)
        spent: dict[str, list[float]] = {team.name: [] for team in teams}
        rates: dict[str, list[float]] = {team.name: [] for team in teams}
        peaks: dict[str, int] = {}
        for number in range(rounds):
            _say(f"round {number + 1} of {rounds}")
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


def _qualities(names: list[str], photos: list[Path], scratch: Path) -> dict[str, dict[str, Quality]]:
    """By contestant and version, the mean over all photos."""
    found: dict[str, dict[str, list[Quality]]] = {name: {v.name: [] for v in PHOTO.versions} for name in names}
    for photo in photos:
        _say(f"comparing {photo.name}")
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


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench transform", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of JPEG photos")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of every contestant (default 7)")
    parser.add_argument("--json", action="store_true", help="figures for a script")
    parser.add_argument("--environments", type=Path, metavar="DIR", help="keep the peers' environments here")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
