"""What the README tells people to type is typed here, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pillow_avif  # noqa: F401  registers its decoder
import pytest
from PIL import Image

from tests.appliance import pictures
from tests.appliance.client import Project
from tests.stack import CHECKOUT, Stack, environment

README = (CHECKOUT / "README.md").read_text()
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n```\w+\n(.*?)```", README, re.DOTALL))


@pytest.fixture
def place(tmp_path: Path, stack: Stack) -> tuple[Path, dict[str, str]]:
    """A folder with `hello.jpg` and the verbs in it, and an environment in which they mean the tests' appliance."""
    (tmp_path / "hello.jpg").write_bytes(pictures.jpeg(800, 600))
    (tmp_path / "ops").symlink_to(CHECKOUT / "ops")
    return tmp_path, {**environment(), "DARKROOM_DATA": str(stack.data)}


def shell(place: tuple[Path, dict[str, str]], stack: Stack, project: Project, *names: str, run: str = "") -> str:
    """What the named blocks print, run one after another in one shell, and then `run`."""
    folder, variables = place
    script = "\n".join(["set -euo pipefail", *(BLOCKS[name] for name in names), run])
    # The one difference: where the appliance of the tests listens, and a project that is new.
    script = script.replace("http://127.0.0.1:8080", stack.url).replace("111", project.id)
    script = script.replace(f'"project_id": {project.id}', f'"project_id": "{project.id}"')
    # What is verified is all that any test has left in this appliance.
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=variables, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_readme_shows_what_is_run() -> None:
    assert set(BLOCKS) == {
        "token",
        "upload",
        "watch",
        "python",
        "render",
        "sign",
        "chat",
        "webhook",
        "verify",
        "metrics",
        "log",
        "retry",
        "whole",
        "cluster",
        "settings",
    }


def test_curl(place: tuple[Path, dict[str, str]], stack: Stack, project: Project) -> None:
    said = shell(place, stack, project, "token", "upload", "watch", "render")
    assert said.startswith("201\n")
    assert '"state":"done"' in said
    assert "/thumb." in said
    with Image.open(place[0] / "hello.avif") as image:
        assert (image.format, image.size) == ("AVIF", (256, 256))


def test_watching(place: tuple[Path, dict[str, str]], stack: Stack, project: Project) -> None:
    said = shell(place, stack, project, "token", "upload", "metrics", "log", "retry", "cluster")
    assert 'darkroom_oldest_waiting_seconds{lane="images"}' in said
    assert 'event="link issued"' in said
    assert "Nothing failed." in said
    assert '"retried":0' in said
    assert '"writes_margin":1' in said


def test_a_chat(place: tuple[Path, dict[str, str]], stack: Stack, project: Project) -> None:
    said = shell(place, stack, project, "token", "chat")
    assert '"title":"Holiday"' in said
    assert said.count('"text":"look"') == 2
    assert said.count('"filename":"hello.jpg"') == 2


def test_verifying(place: tuple[Path, dict[str, str]], stack: Stack, project: Project) -> None:
    said = shell(place, stack, project, "whole")
    assert said.count("missing object versions 0") == 2
    assert "damaged object versions 0" in said


def test_python(place: tuple[Path, dict[str, str]], stack: Stack, project: Project) -> None:
    folder, _ = place
    code = BLOCKS["python"].replace("/projects/111/", f"/projects/{project.id}/").replace(": 111", f': "{project.id}"')
    (folder / "example.py").write_text(code)
    said = shell(place, stack, project, "token", run=f"{sys.executable} example.py")
    assert re.search(r"^state \d+ done$", said, re.MULTILINE)
    assert said.splitlines()[-1].startswith(stack.url)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (CHECKOUT / target).exists(), target
    for verb in set(re.findall(r"\./ops/(\w+)", README)):
        assert os.access(CHECKOUT / "ops" / verb, os.X_OK), verb
