"""`python -m processors` on local files."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from processors.sandbox.command import CHECKOUT
from tests.processors.papers import paper, words
from tests.processors.pictures import animation, encoded, scene


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "processors", *map(str, arguments)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("options", [[], ["--no-sandbox"]])
def test_versions_land_in_the_folder(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "hello.jpg").write_bytes(encoded(scene(1000, 800), "JPEG"))
    done = run(tmp_path / "hello.jpg", "--into", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out/hello.thumb.jpg") as thumb:
        assert thumb.size == (150, 120)
    assert len(list((tmp_path / "out").iterdir())) == 4
    assert "jpeg 1000 x 800" in done.stdout


def test_a_bad_file_is_told_and_the_others_are_done(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\x1f\x8b\x08" + bytes(99))
    (tmp_path / "moving.gif").write_bytes(animation("GIF", 5))
    done = run(tmp_path / "bad.jpg", tmp_path / "missing.jpg", tmp_path / "moving.gif", "--into", tmp_path)
    assert done.returncode == 1
    assert "unsupported_kind" in done.stderr
    assert "missing.jpg" in done.stderr
    assert "the first of 5 frames" in done.stdout


@pytest.mark.parametrize("options", [[], ["--no-sandbox"]])
def test_a_pdf_is_known_by_its_content(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "photo.jpg").write_bytes(paper(words("one"), words("two")))
    done = run(tmp_path / "photo.jpg", "--into", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    assert "pdf 595 x 842 points, page 1 of 2" in done.stdout
    assert (tmp_path / "out/photo.text.txt").read_bytes() == b"one\ftwo"
    assert len(list((tmp_path / "out").iterdir())) == 5
    done = run(tmp_path / "photo.jpg", "--page", "2", "--into", tmp_path / "out", *options)
    assert "page 2 of 2" in done.stdout
    assert (tmp_path / "out/photo.text.txt").read_bytes() == b"two"
    done = run(tmp_path / "photo.jpg", "--page", "3", "--into", tmp_path / "out", *options)
    assert done.returncode == 1
    assert "no_such_page" in done.stderr


def test_help() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "--into FOLDER" in done.stdout
