"""Samples converted under their old name are found on all but grey pictures; honest results never look like it."""

from pathlib import Path

import pytest

from processors.video.codec import Codec
from processors.video.keeping.converting import PAIRS, conversion
from processors.video.keeping.verdict import Bars
from tests.processors import films
from tests.processors.corpora import footage
from tests.processors.remade import remade, wish

SIZE = "size=320x180:rate=25:duration=0.6"
DARK = "lutyuv=y=minval+(val-minval)*0.12:u=128+(val-128)*0.2:v=128+(val-128)*0.2"
PICTURES = {
    "dull": f"testsrc2={SIZE},hue=s=0.2,noise=alls=6:allf=t",
    "noise": f"testsrc2={SIZE},noise=alls=40:allf=t",
    "grey noise": f"color=gray:{SIZE},noise=alls=60:allf=t",
    "flat": f"color=0x2040c0:{SIZE},noise=c0s=1:c0f=t",
    "flat grey": f"color=0x787878:{SIZE},noise=c0s=1:c0f=t",
    "dark": f"testsrc2={SIZE},format=yuv420p,{DARK},noise=c0s=5:c0f=t",
    "fractal": "mandelbrot=size=320x180:rate=25,trim=duration=0.6",
}
LOSSLESS = ("-c:v", "ffv1")
NONE = Bars(least_vmaf=0, least_second=-1, least_few=-1, least_colours=-1)
TO_709 = "scale=in_color_matrix=bt601:out_color_matrix=bt709:in_range={0}:out_range={0},setparams=colorspace=unknown"
RANGES = {
    "tv": "scale=in_range=tv:out_range=pc,setparams=range=tv",
    "pc": "scale=in_range=pc:out_range=tv,setparams=range=pc",
}


def film(name: str, pixels: str = "yuv420p", span: str = "tv") -> bytes:
    pattern = f"{PICTURES[name]},scale=out_range={span},format={pixels}"
    return films.ran("-f", "lavfi", "-i", pattern, *LOSSLESS, "-color_range", span)


@pytest.mark.long
@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("rate", [3_000_000, 60_000])
@pytest.mark.parametrize("name", ["dull", "grey noise", "flat grey", "dark"])
async def test_honest_results_are_not_converted(name: str, codec: Codec, rate: int, tmp_path: Path) -> None:
    """Whatever else is to be said of them: at 60 kbit/s of noise little is left."""
    made = await remade(film(name), wish(codec, rate), tmp_path)
    assert not (await made.verdict(bars=NONE)).failed


@pytest.mark.long
@pytest.mark.parametrize(
    ("pixels", "span", "lines"), [("yuv420p10le", "tv", 90), ("yuv420p10le", "pc", 2160), ("yuv420p", "pc", 90)]
)
async def test_nor_are_those_of_ten_bits_of_full_range_and_made_smaller(
    pixels: str, span: str, lines: int, tmp_path: Path
) -> None:
    for name in ("noise", "dark"):
        folder = tmp_path / name
        folder.mkdir()
        made = await remade(film(name, pixels, span), wish(Codec.H265, most_lines=lines), folder)
        assert not (await made.verdict(bars=NONE)).failed


@pytest.mark.parametrize(
    ("name", "pixels", "span"),
    [
        ("dull", "yuv420p", "tv"),
        pytest.param("noise", "yuv420p10le", "tv", marks=pytest.mark.long),
        pytest.param("flat", "yuv420p", "tv", marks=pytest.mark.long),
        pytest.param("fractal", "yuv420p", "pc", marks=pytest.mark.long),
    ],
)
async def test_what_was_converted_is_found(name: str, pixels: str, span: str, tmp_path: Path) -> None:
    """By this check alone where nothing else is asked for: SSIM and VMAF may be content."""
    made = await remade(film(name, pixels, span), wish(Codec.H264), tmp_path)
    for harm in (TO_709.format(span), RANGES[span]):
        filters = f"{harm},format={pixels}"
        words = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-vf", filters, "-color_range", span)
        other = films.ran("-i", "a", *words, files={"a": made.data})
        assert {one.name for one in (await made.verdict(other, NONE)).failed} - {"size"} == {"converted"}, harm


@pytest.mark.long
async def test_it_is_found_on_real_pictures_that_vmaf_is_content_with(tmp_path: Path) -> None:
    parrot = dict(footage())["cockatoo.mp4"]
    shown = ("-t", "1.6", "-an", "-vf", "scale=640:-2,format=yuv420p")
    small = (*shown, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8")
    made = await remade(films.ran("-i", "a", *small, files={"a": parrot}), wish(Codec.H264), tmp_path)
    assert not (await made.verdict(bars=Bars())).failed
    words = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-vf", f"{RANGES['tv']},format=yuv420p")
    other = films.ran("-i", "a", *words, files={"a": made.data})
    assert {one.name for one in (await made.verdict(other, Bars())).failed} == {"converted"}


SAID = "[left @ 0x1] PSNR y:1 u:1 v:1 average:{} min:1 max:1\n" + "".join(
    f"[converted_{number} @ 0x1] PSNR y:1 u:1 v:1 average:{{}} min:1 max:1\n" for number in range(len(PAIRS))
)


def test_what_is_the_same_to_the_last_bit_is_like_nothing_more() -> None:
    found = conversion(SAID.format("inf", *["inf"] * len(PAIRS)))
    assert found is not None
    assert found.nearer < 0
    found = conversion(SAID.format("30.0", *["20.0"] * (len(PAIRS) - 1), "33.5"))
    assert found is not None
    assert (found.name, found.nearer) == ("from BT.2020 to BT.709", 3.5)
    assert conversion(SAID.format("30.0", *["nan"] * len(PAIRS)).replace("left", "other")) is None
