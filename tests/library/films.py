"""A folder of real clips, one for each thing that can become of a file of a library."""

import os
import time
from pathlib import Path

from tests.processors.clips import DEEP, FAST, PQ, TONE, clip

OLD = time.time() - 3600
MPEG2 = ("-c:v", "mpeg2video", "-b:v", "4M", "-maxrate", "4M", "-bufsize", "1M")
SDR_DEEP = (*DEEP, "-crf", "10")
STRANGE = b"\xff\x1b[2J.mkv"


def content() -> dict[str, bytes]:
    """Files by their names: two worth the work, and one for each way not to be."""
    h264 = clip("-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-pix_fmt", "yuv420p")
    return {
        "series/h264.mp4": h264,
        "old.MPG": clip(*MPEG2, pattern="testsrc2=size=640x360:rate=25:duration=3", suffix="mpeg"),
        "made.mkv": clip(*SDR_DEEP, suffix="matroska"),
        "hdr.mkv": clip(*DEEP, *PQ, suffix="matroska"),
        "small.mp4": clip(*TONE, *FAST, "-b:v", "100k", pattern="color=size=320x180:rate=30:duration=3"),
        "broken.mkv": h264[:200] + bytes(5000),
        "empty.avi": b"",
        "notes.txt": b"not a video, and nobody says that it is",
    }


def made(top: Path) -> Path:
    """Writes them."""
    for name, data in content().items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (OLD, OLD))
    strange = Path(os.fsdecode(os.fsencode(top) + b"/" + STRANGE))
    strange.write_bytes(b"x")
    os.utime(strange, (OLD, OLD))
    (top / "coming.mkv").write_bytes(b"the beginning")
    return top
