"""The appliance that a benchmark or a soak starts for itself: apart from every other one, and gone when they are."""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.benchmarks.appliance import Appliance
from tests.ops import processes
from tests.stack import CHECKOUT, environment

ELSEWHERE = {
    "DARKROOM_DATABASE_URL": "postgresql://darkroom:long-enough@127.0.0.1:1/production",
    "DARKROOM_VALKEY_URL": "redis://:long-enough@127.0.0.1:1/0",
    "DARKROOM_STORAGE_URL": "http://127.0.0.1:1",
    "DARKROOM_DATA": "/srv/production",
}
PROGRAM = """
import time
from ops.benchmarks import appliance
with appliance.running() as one:
    print(one.data, *sorted(one.parts()), flush=True)
    time.sleep(300)
"""


@contextmanager
def benchmark(tmp: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program that starts one, in an environment that says where another appliance's data are."""
    settings = {**environment(**ELSEWHERE), "TMPDIR": str(tmp)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=CHECKOUT, env=settings, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


@pytest.fixture
def tmp() -> Iterator[Path]:
    """A folder that the service account can reach."""
    made = Path(tempfile.mkdtemp(prefix="dk-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.long
def test_it_uses_no_other_database_and_ends_with_a_benchmark_that_is_killed(tmp: Path) -> None:
    with benchmark(tmp) as program:
        data, *parts = program.stdout.readline().split()
        assert {"postgres", "valkey", "storage"} <= set(parts)
        assert Path(data).is_relative_to(tmp)
        assert processes.serving(Path(data))
        program.kill()
        program.wait()
        processes.wait_gone(Path(data), 40)


def test_told_to_end_while_it_starts_it_leaves_nothing(tmp: Path) -> None:
    with benchmark(tmp) as program:
        limit = time.monotonic() + 30
        while not (begun := list(tmp.glob("*/data/postgres*"))):
            assert time.monotonic() < limit
            time.sleep(0.02)
        program.terminate()
        assert program.wait(60) != -signal.SIGTERM, "it is to end what it started first"
        assert not processes.serving(begun[0].parent)
        assert not list(tmp.iterdir())


@pytest.mark.pure
def test_of_the_callers_settings_only_the_place_of_programs_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ELSEWHERE, "DARKROOM_CACHE": "/cache", "DARKROOM_MINIO": "/bin/minio"}.items():
        monkeypatch.setenv(name, value)
    made = Appliance(Path("/srv/own"), {"DARKROOM_FORM_SECONDS": "60"}).environment
    ours = {name: value for name, value in made.items() if name.startswith("DARKROOM_")}
    assert ours == {"DARKROOM_CACHE": "/cache", "DARKROOM_MINIO": "/bin/minio", "DARKROOM_FORM_SECONDS": "60"}
