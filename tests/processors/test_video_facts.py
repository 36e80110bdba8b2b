"""What a video is told to be: size and position, rate, light, sound; and what is refused."""

import struct
import time

import pytest

from processors.refusals import Refused
from processors.sandbox.answers import heard
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied
from processors.sandbox.executing import Output
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.probe import probe as probe_layers
from processors.video.facts import Transfer, VideoFacts
from processors.video.orders import Facts
from processors.video.probe import PROBE, probe
from processors.video.viewing import ask
from tests.processors.canary import Canary
from tests.processors.clips import DEEP, FAST, HLG, PQ, TONE, changed, clip
from tests.processors.test_videos import SECOND, traps


@pytest.fixture
async def doors() -> Protection:
    """All that hold here."""
    return await probe_layers()


async def test_of_a_plain_video(doors: Protection) -> None:
    facts = await probe(clip(*TONE, *FAST), doors)
    assert (facts.codec, facts.width, facts.height, facts.streams) == ("h264", 320, 180, 2)
    assert (facts.fps, facts.variable, facts.rotation, facts.mirrored) == (30, False, 0, False)
    assert (facts.bits, facts.transfer, facts.size) == (8, Transfer.SDR, len(clip(*TONE, *FAST)))
    assert facts.seconds == pytest.approx(3, abs=0.1)
    assert facts.sound is not None
    assert (facts.sound.codec, facts.sound.channels, facts.sound.rate) == ("aac", 1, 48_000)
    assert (await probe(clip(), doors)).sound is None


@pytest.mark.parametrize("layer", SECOND)
async def test_behind_any_one_layer(layer: Layer) -> None:
    facts = await probe(clip(), Protection(frozenset({Layer.FILTER, layer})))
    assert facts.codec == "h264"


@pytest.mark.parametrize(
    ("words", "rotation", "mirrored", "shown"),
    [
        (("-display_rotation", "-90"), 90, False, (180, 320)),
        (("-display_rotation", "90"), 270, False, (180, 320)),
        (("-display_rotation", "180"), 180, False, (320, 180)),
        (("-display_rotation", "0", "-display_hflip"), 0, True, (320, 180)),
    ],
)
async def test_of_a_camera_held_otherwise(
    words: tuple[str, ...], rotation: int, mirrored: bool, shown: tuple[int, int], doors: Protection
) -> None:
    facts = await probe(changed(clip(), words), doors)
    assert (facts.rotation, facts.mirrored) == (rotation, mirrored)
    assert (facts.shown_width, facts.shown_height) == shown


async def test_of_pixels_that_are_not_square(doors: Protection) -> None:
    facts = await probe(clip("-vf", "setsar=4/3", *FAST), doors)
    assert (facts.width, facts.shown_width, facts.shown_height) == (320, 427, 180)


async def test_of_a_rate_that_changes(doors: Protection) -> None:
    gaps = clip("-vf", "select='lt(n,30)+not(mod(n,4))'", "-fps_mode", "vfr", *FAST)
    assert (await probe(gaps, doors)).variable


@pytest.mark.parametrize(("words", "transfer"), [(PQ, Transfer.PQ), (HLG, Transfer.HLG)])
async def test_of_hdr(words: tuple[str, ...], transfer: Transfer, doors: Protection) -> None:
    facts = await probe(clip(*DEEP, *words), doors)
    assert (facts.transfer, facts.wide, facts.bits) == (transfer, True, 10)


async def test_refused_without_pictures(doors: Protection) -> None:
    tone = clip("-c:a", "aac", pattern="sine=frequency=440:duration=1")
    for data in (tone, b"", b"nothing of the kind" * 100, bytes(1 << 20)):
        with pytest.raises(Refused) as caught:
            await probe(data, doors)
        assert caught.value.code == "not_a_video"


async def test_refused_pictures_that_none_can_be_decoded_of(doors: Protection) -> None:
    data = bytearray(clip(suffix="matroska"))
    begin = data.index(b"\x1f\x43\xb6\x75")  # the first cluster: a header stays, and zeros
    data[begin:] = bytes(len(data) - begin)
    with pytest.raises(Refused) as caught:
        await probe(bytes(data), doors)
    assert caught.value.code in ("damaged", "not_a_video")


async def test_no_list_of_other_files_is_followed(canary: Canary, doors: Protection) -> None:
    for name, data in traps(canary.url, "/etc/hostname").items():
        try:
            facts = await probe(data, doors)
        except Refused as refused:
            assert refused.code in ("not_a_video", "damaged"), name  # noqa: PT017
        else:
            assert facts.width == 320, name  # the pictures that are in it themselves
    assert canary.visits == 0


async def test_65535_pixels_a_side_cost_nothing(doors: Protection) -> None:
    data = bytearray(clip("-c:v", "rawvideo", "-pix_fmt", "bgr24", suffix="avi"))
    struct.pack_into("<ii", data, data.index(b"strf") + 12, 65_535, 65_535)
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        await probe(bytes(data), doors)
    assert caught.value.code in ("too_many_pixels", "not_a_video")
    assert time.monotonic() - began < PROBE.seconds


async def test_what_the_viewer_says_is_checked() -> None:
    lies = [
        b"",
        b"{}\n",
        b'{"type":"facts"}\n',
        b'{"type":"refusal","code":"x y","message":"","untouched":false}\n',
        b"[" * 10_000 + b"\n",
    ]
    for said in lies:
        with pytest.raises(SandboxDied):
            heard(Output(0, memoryview(said), "", False), VideoFacts, "viewer")


async def test_an_error_of_our_own_is_not_the_videos_fault(doors: Protection) -> None:
    with pytest.raises(SandboxDied):
        await ask("describe", Facts(), VideoFacts, clip(), doors, Bounds(file_bytes=10))
