"""The benchmark's own clips: two thirds are worth being made anew, each with something that is easily lost.

Of the others, two are what an earlier run has left, by the target's own words, and two have few bits for other reasons.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
AT_ONCE = 2
QUIET = {**os.environ, "SVT_LOG": "1"}
# Moving patterns with the grain of a camera.
PICTURES = "testsrc2=size={size}:rate=30:duration={seconds},noise=alls=4:allf=t,hue=h={hue}"
TONE = "sine=frequency={tone}:sample_rate=48000:duration={seconds}"
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "18", "-x265-params")
DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
HDR = ("-vf", PQ, *HEVC, f"log-level=error:{DISPLAY}", "-pix_fmt", "yuv420p10le")
SMALL_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-b:v", "500k", "-x265-params", "log-level=error")
UNEVEN = ("-vf", "select='not(mod(n,3))+not(mod(n,7))'", "-fps_mode", "vfr")
SUBTITLES = "1\n00:00:00,300 --> 00:00:00,900\nOne\n\n2\n00:00:01,100 --> 00:00:01,700\nTwo\n"
CHAPTERS = ";FFMETADATA1\ntitle=A film\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={500 * n}\nEND={500 * n + 500}\ntitle={n}\n" for n in range(2)
)
FONT = ("-attach", "font.ttf", "-metadata:s:t:0", "mimetype=application/x-truetype-font")
LANGUAGES = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")


class Clip(NamedTuple):
    """words: for ffmpeg, behind the pictures (input 0), two tones (1, 2), subtitles (3) and chapters (4).

    already: its pictures are encoded as those of the target are.
    """

    name: str
    words: tuple[str, ...]
    already: bool = False


PLAIN = ("-map", "0", "-map", "1", "-c:a", "aac")
FULL = ("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "3", "-map_metadata", "4", "-c:a", "aac")
CLIPS = (
    Clip("film.mkv", (*FULL, *H264, "-c:s:0", "copy", "-c:s:1", "ass", *LANGUAGES, *FONT)),
    Clip("telephone.mp4", (*PLAIN, "-map", "3", "-map_metadata", "4", *H264, "-c:s", "mov_text")),
    Clip("hdr.mkv", (*PLAIN, *HDR)),
    Clip("disc.mpg", ("-map", "0", "-map", "1", "-c:v", "mpeg2video", "-b:v", "12M", "-c:a", "mp2")),
    Clip("broadcast.ts", (*PLAIN, *H264)),
    Clip("old.avi", ("-map", "0", "-map", "1", "-c:v", "mpeg4", "-b:v", "10M", "-c:a", "libmp3lame")),
    Clip("uneven.mkv", (*PLAIN, *UNEVEN, *H264)),
    Clip("many-voices.mkv", (*FULL, *H264, "-c:s", "srt", *LANGUAGES, "-c:a:1", "ac3", "-ac:a:1", "6")),
    Clip("already.mkv", (*FULL, "-pix_fmt", "yuv420p", "-c:s", "srt", *LANGUAGES), already=True),
    Clip("already.mp4", (*PLAIN, "-pix_fmt", "yuv420p"), already=True),
    Clip("small.mp4", (*PLAIN, "-c:v", "libx264", "-preset", "fast", "-b:v", "500k", "-pix_fmt", "yuv420p")),
    Clip("small.mkv", (*FULL, *SMALL_HEVC, "-pix_fmt", "yuv420p", "-c:s", "srt")),
)


def made(folder: Path, seconds: int, size: str, target: Sequence[str]) -> Iterator[str]:
    """Makes them, each of so many seconds; gives the name of each that is done. target: ffmpeg's words for pictures as
    they are to become. Raises CalledProcessError.
    """
    (folder / "a.srt").write_text(SUBTITLES)
    (folder / "chapters").write_text(CHAPTERS)
    (folder / "font.ttf").write_bytes(bytes(range(256)) * 100)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: _made(folder, one, target, seconds, size), CLIPS)
    for name in ("a.srt", "chapters", "font.ttf"):
        (folder / name).unlink()


def _made(folder: Path, clip: Clip, target: Sequence[str], seconds: int, size: str) -> str:
    pictures = PICTURES.format(size=size, seconds=seconds, hue=CLIPS.index(clip) * 25)
    words = ["-f", "lavfi", "-i", pictures]
    for tone in (440, 330):
        words += ["-f", "lavfi", "-i", TONE.format(tone=tone, seconds=seconds)]
    words += ["-i", "a.srt", "-i", "chapters", *clip.words, *(target if clip.already else ()), clip.name]
    subprocess.run([FFMPEG, "-nostdin", "-loglevel", "error", *words], cwd=folder, check=True, env=QUIET)
    return clip.name
