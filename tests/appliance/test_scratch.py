"""Room on disk for large files: looked for before, missed in words, given back in any case."""

from pathlib import Path

import pytest

from appliance.errors import Unavailable
from appliance.files.scratch import NoRoom, Scratch

pytestmark = pytest.mark.pure


def test_what_an_earlier_process_left_is_removed_and_what_this_one_made_as_well(tmp_path: Path) -> None:
    (tmp_path / "worker" / "left").mkdir(parents=True)
    scratch = Scratch(tmp_path / "worker")
    assert list((tmp_path / "worker").iterdir()) == []
    with scratch.folder(1000) as folder:
        (folder / "original").write_bytes(b"1")
    with pytest.raises(ZeroDivisionError), scratch.folder(1000) as folder:
        raise ZeroDivisionError
    assert list((tmp_path / "worker").iterdir()) == []


def test_a_file_that_has_no_room_is_put_off(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "worker")
    with pytest.raises(NoRoom, match="are to be worked on"), scratch.folder(10**18):
        pass
    with pytest.raises(NoRoom, match="became full"), scratch.folder(1000), open("/dev/full", "wb", 0) as full:
        full.write(b"1")
    assert issubclass(NoRoom, Unavailable)  # as which an attempt is put off, and its file not blamed
    with pytest.raises(FileNotFoundError), scratch.folder(1000) as folder:
        (folder / "none").read_bytes()
