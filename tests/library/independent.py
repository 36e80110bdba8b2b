"""What a video holds, told by PyAV and by a plain ffmpeg: by nothing of the product's that has verified it before."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import av

from tests.processors.clips import FFMPEG

# Of sound and pictures alike: Matroska's thousandths on either side, and half a tick of whoever counts in 90,000ths.
ROUNDING = 0.0025


class Content(NamedTuple):
    """streams: kind, language, and of sound its codec, channels and rate, of attachments their bytes; how often each is
    there. light: transfer, primaries, whether there are over 8 bits. shape: of the samples. times: of each picture that
    is decoded, from the first on, in seconds.
    """

    streams: Counter[tuple[str, ...]]
    chapters: tuple[tuple[str, float], ...]
    light: tuple[int, int, bool]
    shape: float
    times: list[float]


def content(path: Path, strict: bool) -> Content:
    """Of a file. strict: whatever a decoder complains of is a failure."""
    with av.open(str(path), metadata_errors="replace") as container:
        pictures = next(one for one in container.streams.video if not _cover(one))
        coded, shape = pictures.codec_context, pictures.sample_aspect_ratio
        streams = Counter(_told(one) for one in container.streams if one.type != "data" and one is not pictures)
        chapters = tuple((one["metadata"].get("title", ""), _begin(one)) for one in container.chapters())
        deep = "10" in (coded.pix_fmt or "")
        light = (int(coded.color_trc), int(coded.color_primaries), deep)
    return Content(streams, chapters, light, float(shape or 1) or 1.0, _times(path, strict))


def _cover(one: "av.video.VideoStream") -> bool:
    return bool(one.disposition & av.stream.Disposition.attached_pic)


def _begin(chapter: "av.container.Chapter") -> float:
    return round(float(chapter["start"] * chapter["time_base"]), 2)


def _told(one: "av.stream.Stream") -> tuple[str, ...]:
    language = one.metadata.get("language", "und")
    if one.type == "audio":
        coded = one.codec_context
        return "audio", language, coded.name, str(coded.channels), str(coded.sample_rate)
    if one.type == "video":
        return ("cover",)
    if one.type == "attachment":
        return "attachment", one.name or "", str(len(one.data or b""))
    return one.type, language


def _times(path: Path, strict: bool) -> list[float]:
    """When each picture is shown; all sound is decoded as well."""
    words = ["-nostdin", "-loglevel", "error", *(("-xerror",) if strict else ()), "-i", str(path)]
    shown = ["-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f", "framecrc", "-"]
    done = subprocess.run(
        [FFMPEG, *words, *shown, "-map", "0:a?", "-f", "null", "-"], capture_output=True, text=True, errors="replace"
    )
    if strict:
        assert (done.returncode, done.stderr) == (0, ""), (path.name, done.stderr[-500:])
    shown_at = [int(line.split(",")[2]) / 90_000 for line in done.stdout.splitlines() if not line.startswith("#")]
    return [one - shown_at[0] for one in shown_at]


def lost(before: Content, now: Content) -> list[str]:
    """What is not as it was."""
    names = ("streams", "chapters", "light", "shape")
    found = [
        f"{name}: {getattr(now, name)}, not {getattr(before, name)}" for name in names if _differ(name, before, now)
    ]
    if len(before.times) != len(now.times):
        return [*found, f"{len(now.times)} pictures, not {len(before.times)}"]
    apart = max(abs(old - new) for old, new in zip(before.times, now.times, strict=True))
    return [*found, f"a picture is shown {apart:.4f} s from where it was"] if apart > ROUNDING else found


def _differ(name: str, before: Content, now: Content) -> bool:
    return bool(getattr(before, name) != getattr(now, name))
