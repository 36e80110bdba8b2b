"""The transform benchmark's own figures: its measures of quality, its goals, and a round with what is installed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from PIL import Image, ImageFilter

from ops.benchmarks.contestants import INSIDE, LIMIT, PILLOW, SANDBOX, SHARP, VIPS, Contestant, Team
from ops.benchmarks.goals import judge
from ops.benchmarks.quality import Quality, Reference, ssim
from ops.benchmarks.report import table
from ops.benchmarks.rounds import Result
from processors.recipes import PHOTO
from processors.sandbox.command import CHECKOUT
from tests.processors.pictures import encoded, scene

PEERS = Path(CHECKOUT) / "ops/benchmarks/peers"


def results(cpu: float, rss: int = 100_000_000, energy: float = 0.9) -> dict[str, Result]:
    def result(seconds: float, quality: Quality | None) -> Result:
        return Result(seconds, 10.0, rss, {v.name: quality for v in PHOTO.versions} if quality else {})

    ours = Quality(0.95, energy)
    peer = Quality(0.95, 0.9)
    return {
        SANDBOX: result(cpu, ours),
        INSIDE: result(cpu * 0.97, ours),
        LIMIT: result(0.05, None),
        VIPS: result(0.1, peer),
        PILLOW: result(0.3, peer),
        SHARP: result(0.24, peer),
    }


def test_goals_are_reached_or_missed_by_what_was_measured() -> None:
    assert all(goal.reached for goal in judge(results(0.06)))
    assert [goal.reached for goal in judge(results(0.09))].count(False) == 3  # the limit, sharp, pyvips
    assert [goal.reached for goal in judge(results(0.06, rss=201_000_000))].count(False) == 1
    assert [goal.reached for goal in judge(results(0.06, energy=0.8))].count(False) == 1


def test_the_table_names_everybody_and_every_goal() -> None:
    shown = table(results(0.09), judge(results(0.09)), 8)
    assert all(name in shown for name in (SANDBOX, LIMIT, VIPS, PILLOW, SHARP, "MISSED", "reached"))


def test_similarity_and_energy_fall_with_blur(tmp_path: Path) -> None:
    picture = scene(800, 600)
    (tmp_path / "photo.png").write_bytes(encoded(picture, "PNG"))
    reference = Reference(tmp_path / "photo.png")
    small = picture.resize((400, 300), Image.Resampling.LANCZOS)
    exact = reference.compare(encoded(small, "PNG"))
    soft = reference.compare(encoded(small.filter(ImageFilter.GaussianBlur(1)), "PNG"))
    assert exact.ssim == pytest.approx(1, abs=1e-4)
    assert exact.energy == pytest.approx(1, abs=1e-4)
    assert soft.ssim < 0.95
    assert soft.energy < 0.7


def test_similarity_of_opposites() -> None:
    ramp = numpy.asarray(Image.linear_gradient("L"), dtype=numpy.float32)
    assert ssim(ramp, 255 - ramp) < 0.5


@pytest.mark.parametrize("way", ["sandbox", "inside"])
def test_a_contestant_works_through_every_photo(tmp_path: Path, way: str) -> None:
    photos = []
    for number in range(2):
        photos.append(tmp_path / f"photo{number}.jpg")
        photos[-1].write_bytes(encoded(scene(900, 700, number), "JPEG"))
    entry = Contestant(way, [sys.executable, str(PEERS / "darkroom.py"), way], {"PYTHONPATH": CHECKOUT})
    team = Team(entry, photos, 1)
    try:
        spent = team.round()
        team.save(tmp_path / "out")
    finally:
        team.end()
    assert spent.photos == 2
    assert 0 < spent.cpu < 5
    assert 20_000_000 < spent.rss < 400_000_000
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"photo{n}.{v.name}.jpg" for n in range(2) for v in PHOTO.versions
    }


def test_the_dispatcher_lists_its_benchmarks() -> None:
    command = [sys.executable, "-m", "ops.benchmarks"]
    done = subprocess.run([*command, "--help"], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "transform" in done.stdout
    assert "ingest" in done.stdout
    assert subprocess.run([*command, "unknown"], cwd=CHECKOUT, capture_output=True).returncode == 2


def test_a_folder_without_photos_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ops.benchmarks", "transform", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no JPEG files" in done.stderr
    assert json.dumps(str(tmp_path))[1:-1] in done.stderr
