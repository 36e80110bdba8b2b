"""What is found in a folder, whatever the tree is like."""

import os
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.library.finding import MOST_DEEP, Entry, find
from appliance.library.outcomes import Found, PassedOver, Unreadable, Why
from appliance.library.workflow import Source

pytestmark = pytest.mark.pure
NOBODY = 65534


def source(folder: Path, **different: Any) -> Source:
    return msgspec.structs.replace(Source(folder=str(folder), extensions=("mkv", "mp4")), **different)


def files(entries: list[Entry]) -> list[str]:
    return sorted(Path(one.path).name for one in entries if isinstance(one, Found))


def passed(entries: list[Entry]) -> dict[str, Why]:
    return {Path(one.path).name: one.skip.why for one in entries if isinstance(one, PassedOver)}


def not_read(entries: list[Entry]) -> dict[str, str]:
    return {Path(one.path).name: one.reason for one in entries if isinstance(one, Unreadable)}


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others can reach as well; not pytest's own."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def ordinary() -> Iterator[None]:
    """As somebody whom modes bind; root becomes nobody for so long."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_by_extension_in_any_case_in_all_folders(folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    for name in ("one.mkv", "a/two.MKV", "a/b/three.Mp4", "a/four.avi", "mkv", ".mkv", "a/five.mkv.part"):
        (folder / name).write_bytes(b"x")
    entries = list(find(source(folder)))
    assert files(entries) == ["one.mkv", "three.Mp4", "two.MKV"]
    assert len(entries) == 3


def test_facts_are_those_of_the_file(folder: Path) -> None:
    (folder / "a.mkv").write_bytes(b"12345")
    os.utime(folder / "a.mkv", ns=(0, 1_700_000_000_123_456_789))
    os.link(folder / "a.mkv", folder / "a.txt")
    assert list(find(source(folder))) == [
        Found(str(folder / "a.mkv"), 5, 1_700_000_000_123_456_789, 2, (folder / "a.mkv").stat().st_ino)
    ]


def test_links_are_told_and_not_followed(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real/film.mkv").write_bytes(b"x")
    (folder / "again").symlink_to("real")
    (folder / "film.mkv").symlink_to("real/film.mkv")
    (folder / "nowhere.mkv").symlink_to("missing")
    (folder / "itself").symlink_to("itself")
    entries = list(find(source(folder)))
    assert files(entries) == ["film.mkv"]
    assert passed(entries) == {"again": Why.LINK, "film.mkv": Why.LINK, "nowhere.mkv": Why.LINK}
    assert not_read(entries) == {}


def test_followed_links_enter_each_folder_once(folder: Path) -> None:
    """Up to the beginning, to each other, and twice to the same."""
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / f"{name}.mkv").write_bytes(b"x")
    (folder / "a/up").symlink_to("..")
    (folder / "a/over").symlink_to("../b")
    (folder / "b/back").symlink_to("../a")
    with tempfile.TemporaryDirectory(dir=folder.parent) as elsewhere:
        (Path(elsewhere) / "c.mkv").write_bytes(b"x")
        (folder / "out").symlink_to(elsewhere)
        entries = list(find(source(folder, follow_links=True)))
    assert files(entries) == ["a.mkv", "b.mkv", "c.mkv"]
    assert set(passed(entries).values()) == {Why.LOOP}


def test_what_may_not_be_read_is_told_and_the_rest_is_found(folder: Path) -> None:
    for name in ("closed", "open"):
        (folder / name).mkdir()
        (folder / name / f"{name}.mkv").write_bytes(b"x")
    (folder / "closed").chmod(0)
    with ordinary():
        entries = list(find(source(folder)))
    (folder / "closed").chmod(0o755)
    assert files(entries) == ["open.mkv"]
    assert not_read(entries) == {"closed": "Permission denied"}


def test_a_folder_that_is_not_there_is_an_error_at_once(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find(source(folder / "missing"))


def test_what_vanishes_meanwhile_is_told(folder: Path) -> None:
    for name in ("a.mkv", "b.mkv", "c.mkv"):
        (folder / name).write_bytes(b"x")
    entries = find(source(folder))
    first = next(entries)
    for name in {"a.mkv", "b.mkv", "c.mkv"} - {Path(first.path).name}:
        (folder / name).unlink()
    rest = list(entries)
    assert files([first, *rest]) == [Path(first.path).name]
    assert list(not_read(rest).values()) == ["it has vanished"] * 2


def test_names_that_are_not_utf8_survive(folder: Path) -> None:
    name = b"\xff\xfe film\n.MKV"
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"x")
    (entry,) = find(source(folder))
    assert os.path.basename(os.fsencode(entry.path)) == name
    assert Path(entry.path).read_bytes() == b"x"


def test_what_is_no_file_is_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.mkv")
    assert passed(list(find(source(folder)))) == {"pipe.mkv": Why.SPECIAL}


def test_other_file_systems_are_entered_only_when_asked_for(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        assert os.stat(other).st_dev != folder.stat().st_dev
        (Path(other) / "a.mkv").write_bytes(b"x")
        (folder / "mounted").symlink_to(other)
        kept = list(find(source(folder, follow_links=True)))
        entered = list(find(source(folder, follow_links=True, other_file_systems=True)))
    assert (files(kept), passed(kept)) == ([], {"mounted": Why.OTHER_FILE_SYSTEM})
    assert files(entered) == ["a.mkv"]


def test_no_depth_takes_all_descriptors(folder: Path) -> None:
    deepest = folder.joinpath(*["d"] * (MOST_DEEP + 50))
    deepest.mkdir(parents=True)
    (deepest / "deep.mkv").write_bytes(b"x")
    (folder / "film.mkv").write_bytes(b"x")
    entries = find(source(folder))
    before = len(os.listdir("/proc/self/fd"))
    seen = [(entry, len(os.listdir("/proc/self/fd"))) for entry in entries]
    assert files([entry for entry, _ in seen]) == ["film.mkv"]
    assert not_read([entry for entry, _ in seen]) == {"d": f"it lies over {MOST_DEEP} folders deep"}
    assert max(open_at_once for _, open_at_once in seen) <= before + MOST_DEEP
    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_who_ends_early_leaves_nothing_open(folder: Path) -> None:
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/film.mkv").write_bytes(b"x")
    before = len(os.listdir("/proc/self/fd"))
    entries = find(source(folder))
    next(entries)
    assert len(os.listdir("/proc/self/fd")) == before + 3
    entries.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_hundred_thousand_files_in_bounded_memory() -> None:
    """Less than the names of one of its folders take, in which there are 10,000."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as made:
        for number in range(10):
            folder = Path(made, str(number))
            folder.mkdir()
            (folder / "0.mkv").touch()
            for index in range(1, 10_000):
                os.link(folder / "0.mkv", f"{folder}/{index}.mkv")
        tracemalloc.start()
        try:
            count = sum(1 for _ in find(source(Path(made))))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 100_000
    assert peak < 100_000
