"""What an earlier release stored starts under this one, is all there, and verifies clean."""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.setup import account
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.stack import Stack

RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/data.tar.xz"))


@pytest.fixture(scope="module", params=RELEASES, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Iterator[tuple[Stack, dict[str, Any]]]:
    """An appliance on a copy of that release's data, and what was made in it."""
    # What never came is removed after two days by default, and these data are older than that.
    stack = Stack(DARKROOM_CLEAN_HOURS=str(100 * 365 * 24))
    try:
        stack.data.mkdir(mode=0o700)
        with tarfile.open(request.param / "data.tar.xz") as archive:
            archive.extractall(stack.data)
        _owned(stack.data)
        stack.up()
        yield stack, json.loads((request.param / "made.json").read_text())
    finally:
        stack.close()


def _owned(folder: Path) -> None:
    """As the release left it: nobody else's, and the service account's where root starts it."""
    service = account.ensure() if os.geteuid() == 0 else None
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        if service:
            shutil.chown(path, service.pw_uid, service.pw_gid)


def test_there_is_a_release() -> None:
    assert RELEASES


def test_every_photo_is_what_it_was(release: tuple[Stack, dict[str, Any]]) -> None:
    stack, made = release
    api = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {made['key']}"}, timeout=30)
    states = {"done": "done", "failed": "error", "expired": "error"}
    for images in made["projects"].values():
        for became, ids in images.items():
            for image_id in ids:
                answer = api.get(f"/images/{image_id}")
                if became == "deleted":
                    assert answer.status_code == 404
                    continue
                assert answer.json()["state"] == states[became], answer.text
                for version in filter(None, answer.json()["versions"].values()):
                    data = httpx.get(version["url"]).content
                    assert version["sha256"] in (None, sha256(data).hexdigest())
                    assert len(data) == version["bytes"]


def test_it_verifies_clean_to_the_last_byte(release: tuple[Stack, dict[str, Any]]) -> None:
    stack, made = release
    for arguments in (("--deep",), ("--since", "2026-11-01", "--deep")):
        asked = stack.verb("verify", "--json", *arguments)
        assert asked.returncode == 0, asked.stdout + asked.stderr
        report = json.loads(asked.stdout)
        assert report["uploads"]["done"] == sum(len(images["done"]) for images in made["projects"].values())
        assert report["object_versions"] == report["references"] > 0


def test_it_goes_on_working(release: tuple[Stack, dict[str, Any]]) -> None:
    """New photos, and a life of the old ones as far as their release wrote it down."""
    stack, made = release
    project = Project(stack)
    assert project.ended(project.upload(pictures.jpeg(300, 200)))["state"] == "done"
    old = next(images["done"][0] for images in made["projects"].values())
    life = project.server.get(f"/assets/{old}/timeline").json()
    assert life["state"] == "done"
    assert {version["name"] for version in life["versions"]} == {"thumb", "big_thumb", "big_1920", "d2500"}
    assert wait_for(lambda: stack.status()["verified"]["ended_at"])
