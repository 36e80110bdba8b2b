"""A folder that the service account can reach, and `./ops/drives` as it is typed."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.folder import DataFolder
from tests.drives.loops import Loops, softened
from tests.drives.serving import BUCKET, Server
from tests.stack import CHECKOUT, environment

Typed = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dk-"))
    folder.chmod(0o755)
    yield folder
    softened(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def typed(ground: Path) -> Typed:
    """Runs the verb on the data folder `ground`/data, with its units in `ground`/units."""

    def type_it(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        command = [str(CHECKOUT / "ops" / "drives"), *words, "--data", str(ground / "data")]
        if words[0] != "list":
            command += ["--units", str(ground / "units")]
        return subprocess.run(command, env=environment(**settings), capture_output=True, text=True, timeout=120)

    return type_it


@pytest.fixture(scope="module")
def loops(ground: Path) -> Iterator[Loops]:
    made = Loops(ground, 5)
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(ground: Path, loops: Loops, typed: Typed) -> Iterator[Server]:
    """With four drives, made ready by the verb, and a fifth that lies beside."""
    assert typed("prepare", *loops.paths[:4]).returncode == 0
    made = Server(DataFolder(ground / "data"), ground)
    made.start()
    try:
        made.client().make_bucket(BUCKET)
        yield made
    finally:
        made.stop()
