"""The image by the Dockerfile's own script, and all of compose.yaml running from it, as far as no engine is needed."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.setup import packages, place
from storage.server import build
from storage.server.locate import find
from tests.cluster.clients import PHOTO, Client
from tests.cluster.machine import Network, tool
from tests.containers import image as images
from tests.containers.composition import Composition
from tests.containers.engine import UID

pytestmark = [pytest.mark.long, pytest.mark.root, pytest.mark.timeout(3600)]

PYTHON = "/opt/darkroom/venv/bin/python"
CODE = "PYTHONPATH=/opt/darkroom/code"
SERVER = "opt/darkroom/servers/silo/minio"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("image") / "root"
    images.make(root)
    # In Silo's place, which can't be had here: the server that it goes on from, by which all other tests are made.
    (root / SERVER).parent.mkdir(parents=True)
    shutil.copy2(find() or find(place.ROOT_CACHE / "service") or build.build(), root / SERVER)
    yield root
    shutil.rmtree(root)


def as_account(image: Path, *command: str) -> str:
    return images.inside(image, "setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "env", CODE, *command)


def test_the_image_has_all_that_runs_and_nothing_to_compile_with(image: Path) -> None:
    for name, told in (("caddy", ["version"]), ("valkey", ["--version"]), ("postgres", ["--version"])):
        said = as_account(image, "env", "DARKROOM_DATA=/var/lib/darkroom/data", PYTHON, *program(name), *told)
        assert any(character.isdigit() for character in said), name
    modules = ("appliance.app", "appliance.intake", "appliance.sender", "appliance.worker", "ops.caretaker.__main__")
    as_account(image, PYTHON, "-P", "-c", f"import {', '.join(modules)}")
    assert (image / "usr/bin/stunnel4").exists()
    for compiler in ("cc", "gcc", "make", "python3.11-config"):
        assert not (image / "usr/bin" / compiler).exists(), compiler
    for left in ("var/cache/darkroom", "root/.cache"):
        assert not (image / left).exists(), left


def program(name: str) -> list[str]:
    return ["-P", "-m", "ops.program", name] if name != "postgres" else ["-P", "-c", POSTGRES]


# The program itself makes a database first, which is for the test of them all.
POSTGRES = """
import os, sys
from pathlib import Path
from ops import locate
from ops.folder import DataFolder
postgres = locate.postgres(DataFolder(Path(os.environ["DARKROOM_DATA"]))) / "postgres"
os.execv(postgres, [str(postgres), *sys.argv[1:]])
"""


FORMATS = """
from PIL import features
from processors.image import library
library.check()
print(all(map(features.check, ["jpg", "zlib", "libtiff", "webp", "jpg_2000", "littlecms2"])))
"""


def test_what_the_compiled_library_is_linked_to_is_still_there(image: Path) -> None:
    assert as_account(image, PYTHON, "-P", "-c", FORMATS).strip() == "True"


@pytest.fixture
def composition(image: Path, tmp_path: Path) -> Iterator[Composition]:
    if not packages.BUBBLEWRAP.present():
        packages.install([packages.BUBBLEWRAP], "needed to run containers without an engine")
    disk, folder = tmp_path / "disk.img", tmp_path / "engine"
    folder.mkdir()
    with disk.open("wb") as file:
        file.truncate(8 << 30)
    tool("mkfs.xfs", "-q", str(disk))
    tool("mount", "-o", "loop", str(disk), str(folder))
    network = Network()
    try:
        made = Composition(image, folder)
        yield made
        made.engine.close()
    finally:
        network.close()
        tool("umount", "--lazy", str(folder))


def test_all_of_it_comes_up_and_a_photo_goes_through(composition: Composition) -> None:
    composition.engine.up()
    composition.engine.wait_well(1800)
    client = Client(composition)  # type: ignore[arg-type]
    uploaded = dict(client.upload(number) for number in range(3))
    client.wait_ended(list(uploaded))
    for photo, sha256 in uploaded.items():
        assert hashlib.sha256(client.bytes_of(photo, "original")).hexdigest() == sha256
        assert client.bytes_of(photo, "thumb")[:2] == PHOTO[:2]
    library = composition.engine.run("ops", "library", "status")
    # Of a folder that was made for it, empty, and of the workflow that comes with the compose file.
    assert "Films  (/srv/films)" in library
    assert "0 seen" in library
    assert "replace.allowed is false" in library
    worker = composition.engine.running["worker-worker-images-1"]
    # Under a filter that allows no namespaces, as an engine's own.
    assert 'sandbox="strong (filter, landlock,' in worker.log.read_text()
