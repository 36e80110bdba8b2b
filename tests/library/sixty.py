"""Over sixty files as libraries hold them: many codecs and containers, broken ones, odd ones; and what becomes of each.

`replaced`: made anew. `kept WHY`: it was tried, and nothing was gained, or might have been lost. `left WHY`: by what it
says of itself. `passed WHY`: not even opened.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from tests.processors import films
from tests.processors.corpora import footage
from tests.processors.films import beside, ran

AT_ONCE = 2
SIZES = ("320x180", "480x270", "640x360", "256x144")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "8", "-x265-params", "log-level=error:pools=1")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M", "-pix_fmt", "yuv420p")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M", "-pix_fmt", "yuv420p")
AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "40", "-pix_fmt", "yuv420p", "-svtav1-params", "lp=1")
MPEG2 = ("-c:v", "mpeg2video", "-b:v", "5M", "-maxrate", "6M", "-bufsize", "2M")
MPEG4 = ("-c:v", "mpeg4", "-b:v", "5M")
SMALL = ("-c:v", "libx264", "-preset", "fast", "-b:v", "150k", "-pix_fmt", "yuv420p")
DEEP = ("-pix_fmt", "yuv420p10le")
HLG = ("-vf", "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv")
UNEVEN = ("-vf", "select='not(mod(n,3))+not(mod(n,7))'", "-fps_mode", "vfr")
AAC, MP2, OPUS, MP3 = ("-c:a", "aac"), ("-c:a", "mp2"), ("-c:a", "libopus"), ("-c:a", "libmp3lame")
FIRST = ("-movflags", "+faststart")
LONG = "n" * 251
STRANGE = os.fsdecode(b"odd-\xff\x1b[2J.mkv")


class Film(NamedTuple):
    """A file below the library's folder, how it is made, and how it ends."""

    name: str
    ends: str
    data: Callable[[], bytes]


def _clip(number: int, suffix: str, *words: str, sound: tuple[str, ...] = AAC, rate: int = 25) -> bytes:
    """Moving patterns with grain, of another size and length each."""
    seconds = (2, 1.5, 3)[number % 3]
    size = SIZES[number % len(SIZES)]
    pictures = f"testsrc2=size={size}:rate={rate}:duration={seconds},noise=alls=9:allf=t,hue=h={7 * number}"
    tone = ("-f", "lavfi", "-i", f"sine=frequency={300 + number}:sample_rate=48000:duration={seconds}")
    return ran("-f", "lavfi", "-i", pictures, *(tone if sound else ()), *words, *sound, suffix=suffix)


def _plain() -> Iterator[Film]:
    """One video, one sound or none, in many codecs and containers."""
    rows: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
        ("h264.mp4", "replaced", X264, AAC),
        ("h264-first.mp4", "replaced", (*X264, *FIRST), AAC),
        ("h264-silent.mp4", "replaced", X264, ()),
        ("series/h264.mkv", "replaced", X264, AAC),
        ("series/deep/er/h264-uneven.mkv", "replaced", (*UNEVEN, *X264), AAC),
        ("h264-mov.mov", "replaced", X264, AAC),
        ("LOUD.M4V", "replaced", X264, AAC),
        ("h264-ts.ts", "replaced", X264, AAC),
        ("h264-flv.flv", "replaced", X264, AAC),
        ("uneven.mp4", "replaced", (*UNEVEN, *X264), AAC),
        ("h264-flac.mkv", "replaced", X264, ("-c:a", "flac")),
        ("h264-opus.mkv", "replaced", X264, OPUS),
        ("h264-samples.mov", "replaced", X264, ("-c:a", "pcm_s16le")),
        ("h264-six.mkv", "replaced", X264, ("-c:a", "ac3", "-ac", "6")),
        ("six.mp4", "replaced", X264, ("-c:a", "eac3", "-ac", "6")),
        ("h264-wide.mkv", "replaced", ("-vf", "setsar=4/3", *X264), AAC),
        ("hevc.mp4", "replaced", (*X265, "-tag:v", "hvc1"), AAC),
        ("hevc-mkv.mkv", "replaced", X265, AAC),
        ("hevc-deep.mkv", "replaced", (*X265, *DEEP), AAC),
        ("hevc-hlg.mkv", "replaced", (*HLG, *X265, *DEEP), AAC),
        ("vp9.webm", "replaced", VP9, OPUS),
        ("vp9-mkv.mkv", "replaced", VP9, OPUS),
        ("vp8.webm", "replaced", VP8, ("-c:a", "libvorbis")),
        ("mpeg2.mpg", "replaced", MPEG2, MP2),
        ("mpeg2-ts.ts", "replaced", MPEG2, MP2),
        ("mpeg2-vob.vob", "replaced", MPEG2, ("-c:a", "ac3")),
        ("mpeg1.mpg", "replaced", ("-c:v", "mpeg1video", "-b:v", "4M"), MP2),
        ("mpeg4.avi", "replaced", MPEG4, MP3),
        ("mpeg4-silent.avi", "replaced", MPEG4, ()),
        ("mpeg4-samples.avi", "replaced", MPEG4, ("-c:a", "pcm_s16le")),
        ("mpeg4-mp4.mp4", "replaced", MPEG4, AAC),
        ("wmv.wmv", "replaced", ("-c:v", "wmv2", "-b:v", "5M"), ("-c:a", "wmav2")),
        ("ffv1.mkv", "replaced", ("-c:v", "ffv1", "-pix_fmt", "yuv420p"), AAC),
        ("mjpeg.avi", "replaced", ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"), MP3),
        (STRANGE, "replaced", X264, AAC),
        (f"{LONG}.mkv", "replaced", X264, AAC),
        (f"a{LONG[1:]}.avi", "replaced", MPEG4, MP3),
        (f"t{LONG}.ts", "kept failed", X264, AAC),  # with .mkv its name would be longer than names can be
        ("taken.mkv", "replaced", X264, AAC),
        ("taken.ts", "kept occupied", X264, AAC),  # its new name is another's
        ("prores.mov", "left loss", ("-c:v", "prores_ks"), AAC),
        ("odd.mkv", "left loss", ("-vf", "crop=251:141:0:0:exact=1", *VP9), OPUS),
        ("timecode.mov", "left loss", (*X264, "-timecode", "01:00:00:00"), AAC),
        ("av1.mkv", "left codec", AV1, AAC),
        ("av1-mp4.mp4", "left codec", AV1, AAC),
        ("av1-webm.webm", "left codec", AV1, OPUS),
        ("small.mp4", "left saving", SMALL, AAC),
        ("small-mkv.mkv", "left saving", SMALL, AAC),
    )
    for number, (name, ends, words, sound) in enumerate(rows):
        suffix = name.rpartition(".")[2].lower()
        yield Film(name, ends, _later(number, suffix, words, sound))


def _later(number: int, suffix: str, words: tuple[str, ...], sound: tuple[str, ...]) -> Callable[[], bytes]:
    return lambda: _clip(number, suffix, *words, sound=sound)


def _rich() -> Iterator[Film]:
    """With all that comes with films."""
    yield Film("rich.mkv", "replaced", films.matroska)
    yield Film("turned.mp4", "replaced", films.mp4)
    yield Film("telephone.mov", "replaced", films.telephone)
    yield Film("hdr.mkv", "replaced", films.hdr)
    yield Film("texts.mp4", "replaced", _texts)
    yield Film("fields.ts", "left loss", films.interlaced)
    yield Film("camera.avi", "left loss", films.camera)


def _texts() -> bytes:
    pictures = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2,noise=alls=9:allf=t", "-i", "a.srt")
    languages = ("-metadata:s:s:0", "language=deu", "-metadata:s:s:1", "language=eng")
    maps = ("-map", "0", "-map", "1", "-map", "1", "-c:s", "mov_text")
    return ran(*pictures, *maps, *languages, *X264, files=beside(), suffix="mp4")


def _broken() -> Iterator[Film]:
    """Damaged, cut, empty, and what was never a video."""
    yield Film("broken.mkv", "kept damaged", lambda: films.broken(_clip(1, "mkv", *X264)))
    yield Film("rotten.mkv", "kept damaged", lambda: films.rotten(_clip(2, "mkv", *X264)))
    yield Film("cut.mkv", "kept damaged", lambda: _cut(_clip(0, "mkv", *X264)))
    yield Film("cut-ts.ts", "kept damaged", lambda: _cut(_clip(0, "ts", *X264)))
    yield Film("cut-mp4.mp4", "left refused", lambda: _cut(_clip(0, "mp4", *X264)))
    yield Film("cut-first.mp4", "kept damaged", lambda: _cut(_clip(0, "mp4", *X264, *FIRST)))
    yield Film("recording.ts", "replaced", films.recording)
    yield Film("text.mkv", "left refused", lambda: b"Dear diary, this is no film.\n" * 200)
    yield Film("bytes.mp4", "left refused", lambda: bytes(range(256)) * 400)
    yield Film("nothing.avi", "passed empty", lambda: b"")


def _cut(data: bytes) -> bytes:
    """As a download that ended after 30 % of it."""
    return data[: len(data) * 3 // 10]


def _real() -> Iterator[Film]:
    """Of cameras, a telephone and a cinema, with what nobody would think of making: see `corpora.footage`."""
    ends = {
        "bigbuckbunny.mp4": "replaced",
        "bikes.mp4": "left saving",
        "carphone_distorted.mp4": "left saving",
        "carphone_pristine.mp4": "replaced",
        "cockatoo.mp4": "left loss",  # its colours are 4:4:4
        "realshort.mp4": "replaced",
    }
    for name, end in ends.items():
        yield Film(f"real/{name}", end, lambda name=name: dict(footage())[name])


FILMS = (*_plain(), *_rich(), *_broken(), *_real())


@cache
def made_one(name: str) -> bytes:
    """One of them."""
    return next(one for one in FILMS if one.name == name).data()


@cache
def made() -> dict[str, bytes]:
    """All of them by their names."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        names = [one.name for one in FILMS]
        return dict(zip(names, pool.map(made_one, names), strict=True))


# What is odd about the others is their place on the disk, not what they hold.
ODD = {
    "twin-1.mkv": "passed hard_links",
    "twin-2.mkv": "passed hard_links",
    "link.mkv": "passed link",
    "round": "passed link",  # a link to the folder itself
    "coming.mkv": "passed unsettled",
    "closed.mkv": "unreadable",
}
ENDS = {one.name: one.ends for one in FILMS} | ODD


def odd(folder: Path, old: Callable[[Path], None]) -> None:
    """Makes them. old: gives a file to the worker's account, and an age."""
    data = made()["series/h264.mkv"]
    for name in ("twin-1.mkv", "coming.mkv", "closed.mkv"):
        (folder / name).write_bytes(data)
        old(folder / name)
    (folder / "twin-2.mkv").hardlink_to(folder / "twin-1.mkv")
    (folder / "link.mkv").symlink_to("h264.mp4")
    (folder / "round").symlink_to(folder)
    os.chown(folder / "closed.mkv", 0, 0)
    (folder / "closed.mkv").chmod(0)


class Growing:
    """A file that somebody writes to, a little at a time, until it is closed."""

    def __init__(self, path: Path) -> None:
        self._path, self._over = path, Event()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._over.wait(0.5):
            with self._path.open("ab") as file:
                file.write(b"more of it")

    def close(self) -> None:
        self._over.set()
        self._thread.join()
