"""Short videos with all that films come with: languages, subtitles, chapters, fonts, covers, HDR, turned ones."""

import io
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import av

from tests.processors.clips import FFMPEG

SUBTITLES = """1
00:00:00,300 --> 00:00:00,900
Hello <i>world</i>

2
00:00:01,100 --> 00:00:01,700
A second line
and more
"""
CHAPTERS = """;FFMETADATA1
title=A film
[CHAPTER]
TIMEBASE=1/1000
START=0
END=900
title=One
[CHAPTER]
TIMEBASE=1/1000
START=900
END=2000
title=Two
"""
FONT = bytes(range(256)) * 12
# Grain, so that there is something to be saved, and moving patterns.
GRAIN = "testsrc2=size=192x108:rate={rate}:duration=2,noise=alls=9:allf=t"
TONE = "sine=frequency={}:sample_rate=48000:duration=2"
LARGE = ("-c:v:0", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt:v:0", "yuv420p")
DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
MASTERED = f"log-level=error:{DISPLAY}:max-cll=1000,400"
BT2020_PQ = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"


def ran(*words: str, files: dict[str, bytes] | None = None, suffix: str = "mkv") -> bytes:
    """What ffmpeg makes with these words in a folder where `files` lie."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (files or {}).items():
            Path(folder, name).write_bytes(data)
        made = f"made.{suffix}"
        subprocess.run([FFMPEG, "-nostdin", "-loglevel", "error", *words, made], check=True, cwd=folder)
        return Path(folder, made).read_bytes()


def _patterns(rate: int = 25) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", GRAIN.format(rate=rate))


def _tones(*frequencies: int) -> tuple[str, ...]:
    return tuple(word for one in frequencies for word in ("-f", "lavfi", "-i", TONE.format(one)))


@cache
def beside() -> dict[str, bytes]:
    """What goes into a film besides pictures and sound."""
    cover = ran("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", suffix="jpg")
    return {"a.srt": SUBTITLES.encode(), "chapters": CHAPTERS.encode(), "font.ttf": FONT, "cover.jpg": cover}


@cache
def matroska() -> bytes:
    """Sound in two languages, one of six channels; subtitles of two kinds, one forced; chapters, a font, a cover."""
    words = [*_patterns(), *_tones(440, 330), "-i", "a.srt", "-i", "chapters"]
    words += ["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "3", "-map_metadata", "4", *LARGE]
    words += ["-c:a", "aac", "-c:a:1", "ac3", "-ac:a:1", "6", "-c:s:0", "copy", "-c:s:1", "ass"]
    words += ["-metadata:s:a:0", "language=deu", "-metadata:s:a:0", "title=Deutsch", "-metadata:s:a:1", "language=eng"]
    words += ["-metadata:s:s:0", "language=deu", "-metadata:s:s:1", "language=fra", "-disposition:s:1", "forced"]
    words += ["-attach", "font.ttf", "-metadata:s:t:0", "mimetype=application/x-truetype-font"]
    words += ["-attach", "cover.jpg", "-metadata:s:t:1", "mimetype=image/jpeg", "-metadata:s:t:1", "filename=cover.jpg"]
    words += ["-metadata", "creation_time=2020-01-02T03:04:05Z", "-metadata", "DIRECTOR=Somebody"]
    return ran(*words, files=beside())


@cache
def mp4() -> bytes:
    """As a telephone makes it, turned and of a changing rate; with subtitles, chapters and a cover."""
    words = [*_patterns(), *_tones(440), "-i", "a.srt", "-i", "chapters", "-i", "cover.jpg"]
    words += ["-map", "0", "-map", "1", "-map", "2", "-map", "4", "-map_metadata", "3", *LARGE]
    words += ["-filter:v:0", "select='lt(n,25)+not(mod(n,5))'", "-fps_mode:v:0", "passthrough"]
    words += ["-c:a", "aac", "-c:s", "mov_text", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]
    words += ["-metadata:s:a:0", "language=deu", "-metadata:s:s:0", "language=fra", "-metadata:s:a:0", "title=Ton"]
    words += ["-metadata", "creation_time=2020-01-02T03:04:05Z"]
    straight = ran(*words, files=beside(), suffix="mp4")
    turn = [
        "-display_rotation:v:0",
        "90",
        "-i",
        "a.mp4",
        "-map",
        "0",
        "-map",
        "-0:d",
        "-map_metadata",
        "0",
        "-c",
        "copy",
    ]
    return ran(*turn, files={"a.mp4": straight}, suffix="mp4")


@cache
def telephone() -> bytes:
    """The same with a tag of its maker's, which ffmpeg writes in a way that has no place for covers."""
    streams = ("-map", "0:v:0", "-map", "0:a", "-map", "0:s", "-c", "copy")
    tag = ("-metadata", "com.apple.quicktime.make=Maker", "-movflags", "use_metadata_tags")
    return ran("-i", "a.mp4", *streams, "-map_metadata", "0", *tag, files={"a.mp4": mp4()}, suffix="mov")


@cache
def hdr() -> bytes:
    """PQ in 10 bits, with the display it was made on."""
    made = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "6", "-pix_fmt", "yuv420p10le")
    return ran(*_patterns(24), "-vf", BT2020_PQ, *made, "-x265-params", MASTERED)


@cache
def interlaced() -> bytes:
    """As it is broadcast: MPEG-2 in fields, its samples not square, AAC with a header in each packet."""
    fields = ("-vf", "interlace,setfield=tff,setdar=4/3", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-b:v", "3M")
    return ran(*_patterns(50), *_tones(440), *fields, "-c:a", "aac", "-ac", "2", suffix="ts")


@cache
def recording() -> bytes:
    """As a recorder begins one: in the middle of pictures that nobody can decode without those before."""
    made = ("-c:v", "mpeg2video", "-b:v", "4M", "-bf", "2", "-g", "12", "-c:a", "mp2")
    whole = ran(*_patterns(), *_tones(440), *made, suffix="ts")
    return whole[188 * 800 :]


@cache
def camera() -> bytes:
    """Motion JPEG in AVI, of full range and 4:2:2, with sound as it is."""
    return ran(
        *_patterns(),
        *_tones(440),
        "-c:v",
        "mjpeg",
        "-q:v",
        "2",
        "-pix_fmt",
        "yuvj422p",
        "-c:a",
        "pcm_s16le",
        suffix="avi",
    )


@cache
def readings() -> bytes:
    """An MP4 as cameras make it: beside the chapters' track there is another of data, with where it was."""
    return mp4().replace(b"sbtl", b"meta").replace(b"tx3g", b"gpmd")


@cache
def sphere() -> bytes:
    """An MP4 whose pictures are those of a whole sphere, as said by its XML ("Spherical Video V1")."""
    flat = ran(*_patterns(), *LARGE, suffix="mp4")
    words = b"".join(
        b"<GSpherical:%s>%s</GSpherical:%s>" % (name, value, name)
        for name, value in (
            (b"Spherical", b"true"),
            (b"Stitched", b"true"),
            (b"StitchingSoftware", b"None"),
            (b"ProjectionType", b"equirectangular"),
        )
    )
    data = bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + b'<?xml version="1.0"?>' + words
    box = (len(data) + 8).to_bytes(4, "big") + b"uuid" + data
    for name in (b"moov", b"trak"):
        place = flat.index(name) - 4
        size = int.from_bytes(flat[place : place + 4], "big") + len(box)
        flat = flat[:place] + size.to_bytes(4, "big") + flat[place + 4 :]
    end = flat.index(b"trak") - 4
    end += int.from_bytes(flat[end : end + 4], "big") - len(box)
    return flat[:end] + box + flat[end:]


@cache
def glass() -> bytes:
    """WebM with pictures one can see through."""
    pattern = "testsrc2=size=64x64:rate=10:duration=1,colorchannelmixer=aa=0.5,format=yuva420p"
    return ran("-f", "lavfi", "-i", pattern, "-c:v", "libvpx-vp9", "-cpu-used", "8", suffix="webm")


@cache
def mixed() -> bytes:
    """A broadcast whose second half is in fields, and of another shape."""
    pattern = "testsrc2=size=192x108:rate=50:duration=2"
    made = ("-c:v", "mpeg2video", "-b:v", "3M", "-g", "12")
    whole = ran("-f", "lavfi", "-i", pattern, "-vf", "fps=25,setsar=1", *made, suffix="ts")
    fields = ("-vf", "interlace,setfield=tff,setsar=4/3", *made, "-flags", "+ildct+ilme")
    return whole + ran("-f", "lavfi", "-i", pattern, *fields, "-output_ts_offset", "2", suffix="ts")


@cache
def cropped() -> bytes:
    """Matroska that shows 24 lines fewer than it has."""
    wide = ran(*_patterns(), "-vf", "setsar=4/3", *LARGE)
    # In place of what says in which unit its width is.
    return wide.replace(b"\x54\xb2\x81\x03", b"\x54\xaa\x81\x18", 1)


@cache
def spanish(tag: str) -> bytes:
    """Matroska with sound in Spanish, which is in `tag` as well, six letters at most."""
    words = ("-metadata:s:a:0", "language=spa", "-metadata:s:a:0", "title=Espagne")
    named = ran(*_patterns(), *_tones(440), *LARGE, "-c:a", "aac", *words)
    # In place of the name of the track.
    return named.replace(b"\x53\x6e\x87Espagne", b"\x22\xb5\x9d\x86" + tag.encode().ljust(6, b"\0"))


@cache
def brazilian() -> bytes:
    """MP4 with sound in Portuguese, as it is spoken in Brazil by its tag alone."""
    told = ("-metadata:s:a:0", "language=por")
    plain = ran(*_patterns(), *_tones(440), *LARGE, "-c:a", "aac", *told, suffix="mp4")
    return boxed(plain, b"elng", b"\0\0\0\0pt-BR\0", b"moov", b"trak", b"trak", b"mdia")


@cache
def apertured(width: int) -> bytes:
    """MP4 that shows so much of its 192 samples in each line."""
    plain = ran(*_patterns(), *LARGE, suffix="mp4")
    shown = b"".join(one.to_bytes(4, "big") for one in (width, 1, 108, 1, 0, 1, 0, 1))
    return boxed(plain, b"clap", shown, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")


def boxed(data: bytes, name: bytes, inside: bytes, *path: bytes) -> bytes:
    """The MP4 `data` with one more box, last in the one that `path` ends with; a name twice: the second of that name.
    Its pictures lie before it.
    """
    box = (8 + len(inside)).to_bytes(4, "big") + name + inside
    places, start = list[int](), 0
    for number, one in enumerate(path):
        start = data.index(one, start) + 4
        if one not in path[:number] or not places:
            places.append(start - 8)
        else:
            places[-1] = start - 8
    end = places[-1] + int.from_bytes(data[places[-1] : places[-1] + 4], "big")
    for place in places:
        size = int.from_bytes(data[place : place + 4], "big") + len(box)
        data = data[:place] + size.to_bytes(4, "big") + data[place + 4 :]
    return data[:end] + box + data[end:]


@cache
def ordered() -> bytes:
    """Matroska whose chapters are shown in an order of their own."""
    # In place of what says that they are the usual ones.
    return matroska().replace(b"\x45\xdb\x81\x01", b"\x45\xdd\x81\x01", 1)


@cache
def late() -> bytes:
    """A DVD's stream, whose second sound begins behind all that is looked through for streams."""
    pictures = ("-f", "lavfi", "-i", "testsrc2=size=176x144:rate=25:duration=16,noise=alls=60:allf=t")
    sounds = ("-f", "lavfi", "-i", "sine=duration=16", "-itsoffset", "14", "-f", "lavfi", "-i", "sine=duration=1")
    streams = ("-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg2video", "-q:v", "1", "-c:a", "ac3")
    return ran(*pictures, *sounds, *streams, suffix="vob")


def broken(data: bytes) -> bytes:
    """The same with 4,000 bytes damaged in the middle: its container loses some of its packets."""
    return _flipped(data, len(data) // 2, 4000)


def rotten(data: bytes) -> bytes:
    """The same with 40 bytes damaged inside of a picture, so that only its decoder can tell."""
    with av.open(io.BytesIO(data)) as container:
        pictures = [bytes(one) for one in container.demux(container.streams.video[0]) if one.size]
    picture = max(pictures[len(pictures) // 4 :], key=len)
    return _flipped(data, data.index(picture) + len(picture) // 3, 40)


def _flipped(data: bytes, place: int, length: int) -> bytes:
    hurt = bytes(byte ^ 0x5A for byte in data[place : place + length])
    return data[:place] + hurt + data[place + length :]
