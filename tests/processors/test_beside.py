"""A second source for a program of the sandbox: it reads both, and writes to neither."""

import contextlib
import os
from pathlib import Path

import pytest

from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.streams import Streams
from processors.video.ffmpeg import ffmpeg
from tests.processors.clips import FAST, clip
from tests.processors.test_videos import SECOND


@pytest.mark.parametrize("protection", [Protection(frozenset({Layer.FILTER, one})) for one in SECOND], ids=SECOND)
async def test_ffmpeg_reads_a_file_and_bytes_beside_it(protection: Protection, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(clip(*FAST))
    words = ["-map", "0:v", "-map", "1:v", "-c", "copy", "-f", "streamhash", "-"]
    with (tmp_path / "source").open("rb") as source, Beside(clip("-c:v", "mpeg4")) as beside:
        done = await ffmpeg(source.fileno(), words, protection, Bounds(), beside=beside)
    assert done.status == 0, done.said
    first, second = bytes(done.data).split()
    assert first.startswith(b"0,v,SHA256=")
    assert second.startswith(b"1,v,SHA256=")
    assert first[4:] != second[4:]
    assert done.end == done.said


async def test_only_regular_files_that_can_not_be_written(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    try:
        with pytest.raises(ValueError, match="regular"):
            Beside(reader)
    finally:
        os.close(reader)
        os.close(writer)
    with (tmp_path / "file").open("w+b") as file, Beside(file.fileno()) as beside:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(beside.number, b"overwritten")
        os.write(file.fileno(), b"whole")
        assert os.read(beside.number, 9) == b"whole"
    with contextlib.suppress(OSError):
        os.fstat(beside.number)
        raise AssertionError("it is still open")


def test_the_end_of_what_is_said_is_there_where_much_was_said() -> None:
    with contextlib.closing(Streams(b"", None)) as streams:
        os.write(streams.said, b"".join(b"line %d\n" % number for number in range(9000)))
        said, cut = streams.text()
        assert cut
        assert said.startswith("line 0\n")
        assert streams.end().endswith("line 8999\n")
