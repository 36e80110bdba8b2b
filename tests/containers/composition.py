"""The whole appliance of compose.yaml, running. What tests.cluster.clients asks of a cluster, this answers, too."""

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

from tests.cluster.machine import NETWORK
from tests.containers import reading
from tests.containers.engine import Engine
from tests.stack import CHECKOUT, environment

EDGE = f"https://{NETWORK}.51:8443"


class Composition:
    """compose.toml, with addresses of the tests' own network, rendered into `folder` and started from `image`."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.edges, self._folder = [EDGE], folder
        inventory = (CHECKOUT / "compose.toml").read_text().replace("172.30.77", NETWORK)
        (folder / "compose.toml").write_text(inventory.replace("https://photos.lan:8443", EDGE))
        shutil.copytree(CHECKOUT / "workflows", folder / "workflows")
        command = [str(CHECKOUT / "ops/cluster"), "render", "compose.toml", "--compose", "compose.yaml"]
        done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        self.project: dict[str, Any] = reading.load(folder / "compose.yaml")
        self.engine = Engine(self.project, image, folder)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._folder / "compose/secret/ca.crt"))

    def key(self) -> str:
        return self.engine.run("ops", "apikey", "create", "tests", "--admin").strip()
