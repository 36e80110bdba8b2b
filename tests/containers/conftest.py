"""The repository's own compose file, as the loader reads it, and what is rendered beside it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.clusters import description, render
from ops.clusters.files import Material
from ops.containers import compose, write
from tests.containers import reading
from tests.stack import CHECKOUT


@dataclass(frozen=True)
class Rendered:
    folder: Path
    text: str
    of: Material
    project: dict[str, Any]

    @property
    def services(self) -> dict[str, Any]:
        services: dict[str, Any] = self.project["services"]
        return services

    def read(self, host: str, path: str) -> str:
        """A file of this host."""
        return (self.folder / "compose" / host / "files" / path.lstrip("/")).read_text()


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """compose.toml, rendered into a folder of the tests, where compose.yaml is beside it as in the checkout."""
    folder = tmp_path_factory.mktemp("composed")
    cluster = description.load(CHECKOUT / "compose.toml")
    of = render.material(cluster, folder / "compose", write.SILO)
    render.written(of, folder / "compose")
    shutil.copy(CHECKOUT / "compose.yaml", folder)
    text = compose.text(of, "./compose")
    return Rendered(folder, text, of, reading.load(folder / "compose.yaml"))
