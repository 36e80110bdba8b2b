"""Videos behind the doors of the profile for tools: what ffmpeg may read, and what it may not be talked into."""

import os
import struct
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import pytest

from processors.image import develop
from processors.refusals import Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.doors import ADDRESS_SPACE_BYTES, OPEN_FILES, OUTPUT_BYTES, THREADS
from processors.sandbox.errors import SandboxDied, SandboxTimeout, SandboxWeak
from processors.sandbox.executing import execute
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.probe import probe as probe_layers
from processors.sandbox.spawn import TooMuchMemory
from processors.video.ffmpeg import DEMUXERS, ffmpeg
from processors.video.frame import first_frame
from processors.video.probe import probe
from tests.processors.canary import Canary
from tests.processors.test_layers import GIVEN

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
ONE_WALL = Protection(frozenset({Layer.FILTER, GIVEN[-1]}))
SECOND = [layer for layer in GIVEN if layer is not Layer.FILTER]
CANARY_WORD = "canary-7f3a"


@cache
def video(*words: str, suffix: str = "matroska") -> bytes:
    """A short video by the same ffmpeg, of `words` for its encoder."""
    made = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=5:duration=2", "-pix_fmt", "yuv420p", *words]
    with tempfile.NamedTemporaryFile() as file:  # seekable: some write their header last
        subprocess.run([FFMPEG, "-loglevel", "error", "-y", *made, "-f", suffix, file.name], check=True)
        return file.read()


@cache
def mp4() -> bytes:
    return video("-movflags", "frag_keyframe+empty_moov", suffix="mp4")


@pytest.fixture
async def doors() -> Protection:
    """All that hold here."""
    return await probe_layers()


async def test_a_header_and_a_frame(doors: Protection) -> None:
    for data in (video(), mp4(), video(suffix="avi"), video(suffix="mpegts")):
        facts = await probe(data, doors)
        assert (facts.width, facts.height, facts.streams) == (320, 240, 1)
    developed = develop(await first_frame(mp4(), doors))
    assert (developed.source.format, developed.source.width, developed.source.height) == ("png", 320, 240)
    seconds = (await probe(video(suffix="avi"), doors)).seconds
    assert seconds == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("layer", SECOND)
async def test_a_frame_behind_any_one_layer(layer: Layer) -> None:
    assert len(await first_frame(video(), Protection(frozenset({Layer.FILTER, layer})))) > 1000


async def test_not_behind_the_filter_alone_unless_somebody_says_so() -> None:
    with pytest.raises(SandboxWeak):
        await probe(video(), Protection(frozenset({Layer.FILTER})))
    assert len(await first_frame(video(), Protection(frozenset({Layer.FILTER}), weak=True))) > 1000


def traps(url: str, file: str) -> dict[str, bytes]:
    """Files that are lists of other files, and containers that refer to some."""
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
    dash = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{}</BaseURL></Period></MPD>'
    reference = b"url \0\0\0\0" + url.encode() + b"\0"
    alias = struct.pack(">I", len(reference) + 4) + reference
    external = b"dinf" + b"dref" + struct.pack(">II", 0, 1) + alias
    return {
        "playlist": playlist.format(url).encode(),
        "playlist of a file": playlist.format(f"file://{file}").encode(),
        "playlist with a key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n#EXTINF:9,\n{file}\n'.encode(),
        "list for concat": f"ffconcat version 1.0\nfile '{file}'\nfile '{url}'\n".encode(),
        "subfile": playlist.format(f"subfile,,start,0,end,99,,:{file}").encode(),
        "concat": playlist.format(f"concat:{file}|{file}").encode(),
        "dash": dash.format(url).encode(),
        "smil": f'<smil><body><video src="{url}"/></body></smil>'.encode(),
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "subtitles": f"[Script Info]\n[Fonts]\nfontname: {file}\n[Events]\nDialogue: 0,0,0,,,,,,{url}\n".encode(),
        "pictures by number": f"{file}%d.png".encode(),
        "text for tty": b"\x1b[31m" + file.encode(),
        "data reference": mp4().replace(b"dref\0\0\0\0\0\0\0\1\0\0\0\x0curl \0\0\0\1", external[4:32].ljust(28, b"\0")),
        "playlist behind a header": b"\0\0\0\x18ftypisom" + bytes(12) + playlist.format(url).encode(),
    }


async def test_nothing_is_fetched_and_no_other_file_is_read(tmp_path: Path, canary: Canary, doors: Protection) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY_WORD)
    for name, data in traps(canary.url, str(secret)).items():
        said = await ffmpeg(data, ("-map", "0", "-c", "copy", "-f", "matroska", "pipe:1"), doors, Bounds())
        assert CANARY_WORD.encode() not in bytes(said.data), name
        assert CANARY_WORD not in said.said, name
        try:
            await first_frame(data, doors)
        except Refused as refused:
            assert refused.code in ("not_a_video", "damaged"), name  # noqa: PT017
    assert canary.visits == 0


def test_without_the_lists_the_playlist_would_be_followed(canary: Canary) -> None:
    """What the arguments alone, without any door, stop: the trap is a real one."""
    playlist = traps(canary.url + ".ts", "/dev/null")["playlist"]
    trap = ["-allowed_extensions", "ALL", "-f", "hls", "-i", "pipe:0", "-f", "null", "-"]
    open_to_all = [FFMPEG, "-nostdin", "-protocol_whitelist", "pipe,http,tcp,crypto", *trap]
    subprocess.run(open_to_all, input=playlist, capture_output=True, timeout=20)
    assert canary.visited(2)


def test_the_list_has_no_demuxer_that_opens_other_files() -> None:
    assert not {"hls", "concat", "dash", "image2", "applehttp", "sdp", "lavfi", "tty"} & set(DEMUXERS.split(","))


INSIDE = {
    "write outside": ("dd", "if=/dev/zero", "of={folder}/made", "count=1"),
    "read a secret": ("cat", "{folder}/secret"),
    "execute another": ("env", "/bin/true"),
    "look at a process": ("cat", "/proc/{pid}/environ"),
    "connect": (FFMPEG, "-nostdin", "-i", "tcp://127.0.0.1:{port}"),
}


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("layer", SECOND)
async def test_what_a_tool_may_not_do(tmp_path: Path, canary: Canary, name: str, layer: Layer) -> None:
    """The same profile with programs that try: each fails, and says that it could not."""
    (tmp_path / "secret").write_text(CANARY_WORD)
    program, *words = (word.format(folder=tmp_path, pid=os.getpid(), port=canary.port) for word in INSIDE[name])
    done = await execute(str(Path("/usr/bin", program)), words, b"", Protection(frozenset({Layer.FILTER, layer})))
    assert done.status != 0
    assert CANARY_WORD.encode() not in bytes(done.data)
    assert not (tmp_path / "made").exists()
    assert canary.visits == 0


def test_without_the_doors_it_would_connect(canary: Canary) -> None:
    words = [word.format(port=canary.port) for word in INSIDE["connect"]]
    subprocess.run(words, capture_output=True, timeout=20)
    assert canary.visited(2)


async def test_the_limits_of_a_tool() -> None:
    """In the units of ulimit: blocks of 512 bytes, kilobytes, seconds."""
    words = ["-c", "for one in c f n p t v; do ulimit -$one; done"]
    done = await execute("/usr/bin/dash", words, b"", ONE_WALL, Bounds(seconds=9))
    expected = 0, OUTPUT_BYTES >> 9, OPEN_FILES, THREADS, 10, ADDRESS_SPACE_BYTES >> 10
    assert [int(line) for line in bytes(done.data).split()] == list(expected), done.said


async def test_what_only_computes_is_ended_by_the_kernel() -> None:
    """Whatever the parent does."""
    words = ["-c", "ulimit -t 1; while :; do :; done"]
    with pytest.raises(SandboxDied, match=r"signal (9|24)$"):
        await execute("/usr/bin/dash", words, b"", ONE_WALL, Bounds(seconds=30))


async def test_a_tool_that_does_not_end_is_ended(doors: Protection) -> None:
    began = time.monotonic()
    with pytest.raises(SandboxTimeout):
        await execute("/usr/bin/sleep", ["60"], b"", doors, Bounds(seconds=0.5))
    assert time.monotonic() - began < 3


async def test_a_tool_that_takes_too_much_memory_is_ended() -> None:
    watched = Protection(frozenset({Layer.FILTER, Layer.LANDLOCK}))
    with pytest.raises(TooMuchMemory):
        await execute("/usr/bin/sleep", ["20"], b"", watched, Bounds(max_bytes=100_000))


async def test_a_tool_that_is_not_there_is_no_fault_of_the_file(doors: Protection) -> None:
    with pytest.raises(SandboxDied, match="could not start"):
        await execute("/usr/bin/not-there", [], b"", doors)


async def test_a_video_of_too_many_streams(doors: Protection) -> None:
    many = video(*[word for _ in range(40) for word in ("-map", "0:v")], "-frames:v", "1")
    with pytest.raises(Refused) as caught:
        await probe(many, doors)
    assert caught.value.code == "too_many_streams"


async def test_streams_do_not_hide_behind_much_text(doors: Protection) -> None:
    text = [word for number in range(400) for word in ("-metadata", f"text{number}={'long ' * 50}")]
    many = video(*text, *[word for _ in range(40) for word in ("-map", "0:v")], "-frames:v", "1")
    with pytest.raises(Refused) as caught:
        await probe(many, doors)
    assert caught.value.code == "too_many_streams"


async def test_headers_that_claim_the_impossible(doors: Protection) -> None:
    """65,535 x 65,535 pixels, and a million hours."""
    avi = bytearray(video("-c:v", "rawvideo", "-pix_fmt", "bgr24", suffix="avi"))
    size = avi.index(b"strf") + 12
    for side, codes in ((65_535, {"too_many_pixels", "not_a_video"}), (9_000, {"too_many_pixels"})):
        wide = bytearray(avi)
        struct.pack_into("<ii", wide, size, side, side)
        with pytest.raises(Refused) as caught:
            await first_frame(bytes(wide), doors)
        assert caught.value.code in codes
    long = bytearray(avi)
    stream = long.index(b"strh") + 8
    struct.pack_into("<II", long, stream + 20, 1_000_000, 1)
    struct.pack_into("<I", long, stream + 32, 3_600)
    with pytest.raises(Refused) as caught:
        await probe(bytes(long), doors)
    assert caught.value.code == "too_long"


@pytest.mark.long
async def test_cut_anywhere_each_ends_soon(doors: Protection) -> None:
    for number, data in enumerate((video(), mp4(), video(suffix="avi"), video(suffix="mpegts"))):
        for percent in (3 + number, 30 + number, 60 + number):
            began = time.monotonic()
            try:
                assert develop(await first_frame(data[: len(data) * percent // 100], doors)).versions
            except Refused as refused:
                assert refused.code in ("not_a_video", "damaged")  # noqa: PT017
            assert time.monotonic() - began < 10
