"""Short videos made on the spot, by the same ffmpeg that reads them."""

import struct
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
PATTERN = "testsrc2=size=320x180:rate=30:duration=3"
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3", "-c:a", "aac")
PQ = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc")
HLG = ("-vf", "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc")
DEEP = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=error")
# As a browser records: no length in the header, no index, sound beside the pictures.
LIVE = (
    "-c:v",
    "libvpx",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
    "-b:v",
    "300k",
    "-pix_fmt",
    "yuv420p",
    "-live",
    "1",
)
SPEECH = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3", "-c:a", "libopus", "-b:a", "32k")
# Pictures an hour apart, so that a small file lasts for days.
HOURS = ("-vf", "setpts=N*3600/TB", "-fps_mode", "passthrough")
DURATION = b"\x44\x89\x88"  # Matroska's element, with the length of its number


@cache
def clip(*words: str, pattern: str = PATTERN, suffix: str = "mp4") -> bytes:
    """A video of `pattern`, a filter that makes one, with `words` for what is beside it and for its encoder."""
    return _ran(["-f", "lavfi", "-i", pattern, *(words or FAST)], suffix)


def changed(data: bytes, before: Sequence[str], after: Sequence[str] = (), suffix: str = "mp4") -> bytes:
    """The same video in another container, or with other words about it."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return _ran([*before, "-i", file.name, "-map", "0", "-c", "copy", *after], suffix)


def claiming(data: bytes, seconds: float) -> bytes:
    """A Matroska video with another length in its header."""
    place = data.index(DURATION) + len(DURATION)
    return data[:place] + struct.pack(">d", seconds * 1000) + data[place + 8 :]


def _ran(words: list[str], suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        subprocess.run([FFMPEG, "-nostdin", "-loglevel", "error", *words, "-f", suffix, str(made)], check=True)
        return made.read_bytes()
