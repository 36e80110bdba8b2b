"""A folder that the service account can reach, and `./ops/drives` as it is typed."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drives.loops import softened
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
