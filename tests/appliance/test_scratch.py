"""Room on disk for large files: looked for before, missed in words, given back in any case."""

import shutil
from pathlib import Path

import pytest

from appliance.config import Config
from appliance.errors import Unavailable
from appliance.files.attempts import Unfit
from appliance.files.scratch import RESULT, SPARE_BYTES, NoRoom, Scratch
from appliance.files.videos import results
from processors.video.codec import Codec

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


def largest(folder: Path, results: int = 1) -> int:
    """Bytes of the largest file that the disk could hold with what is made of it, if nothing else were there."""
    return int((shutil.disk_usage(folder).total - SPARE_BYTES) / (1 + RESULT * results)) - 4096


def test_a_file_that_has_no_room_now_is_put_off(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "worker")
    with pytest.raises(NoRoom, match="are to be worked on"), scratch.folder(largest(tmp_path)):
        pass
    with pytest.raises(NoRoom, match="became full"), scratch.folder(1000), open("/dev/full", "wb", 0) as full:
        full.write(b"1")
    assert issubclass(NoRoom, Unavailable)  # as which an attempt is put off, and its file not blamed
    with pytest.raises(FileNotFoundError), scratch.folder(1000) as folder:
        (folder / "none").read_bytes()


def test_a_file_that_the_disk_can_never_hold_ends_as_an_error(tmp_path: Path) -> None:
    """Each rung of a ladder is counted."""
    scratch = Scratch(tmp_path / "worker")
    for size, made in ((largest(tmp_path) + 8192, 1), (largest(tmp_path), 2)):
        with pytest.raises(Unfit) as caught, scratch.folder(size, made):
            pass
        assert (caught.value.failure.code, caught.value.failure.fixer) == ("no_scratch_room", "operator")


def test_what_is_made_of_a_video_is_counted() -> None:
    assert results(Config()) == 1
    assert results(Config(video_codec=Codec.H264)) == 2
    assert results(Config(video_ladder=(360, 720))) == 3
