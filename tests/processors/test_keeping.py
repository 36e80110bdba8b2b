"""Videos made anew with all they hold: what was in them is there, and the verdict says so."""

import asyncio
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from processors.refusals import Refused
from processors.sandbox.probe import probe
from processors.video.boxes import boxes
from processors.video.codec import Codec
from processors.video.keeping.inventory import Kind
from processors.video.keeping.looking import walk
from processors.video.keeping.verdict import Bars
from processors.video.keeping.watching import MODEL, VMAF, Watching, watch
from processors.video.keeping.wishes import SoundWish
from processors.video.progress import WHOLE
from tests.processors import films
from tests.processors.corpora import footage
from tests.processors.remade import remade, wish

# The one left is too small already to be made smaller.
REAL = ("bikes.mp4", "carphone_pristine.mp4", "cockatoo.mp4", "realshort.mp4")


async def test_a_film_with_languages_subtitles_font_chapters_and_cover(tmp_path: Path) -> None:
    made = await remade(films.matroska(), wish(Codec.AV1), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = await made.after()
    assert [(one.kind.value, one.codec, one.language) for one in after.streams] == [
        ("video", "av1", ""),
        ("audio", "aac", "deu"),
        ("audio", "ac3", "eng"),
        ("subtitle", "subrip", "deu"),
        ("subtitle", "ass", "fra"),
        ("attachment", "none", ""),
        ("picture", "mjpeg", ""),
    ]
    assert (after.streams[1].title, after.streams[2].channels, after.streams[4].dispositions) == (
        "Deutsch",
        6,
        ("forced",),
    )
    assert [(one.title, one.begin) for one in after.chapters] == [("One", 0), ("Two", 0.9)]
    assert (after.tags["title"], after.tags["director"]) == ("A film", "Somebody")
    assert films.FONT in made.data
    assert films.beside()["cover.jpg"] in made.data
    percents = [one.percent for one in made.told]
    assert percents
    assert percents[-1] <= 100


async def test_a_turned_clip_of_changing_rate_stays_mp4(tmp_path: Path) -> None:
    made = await remade(films.mp4(), wish(Codec.H264), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = await made.after()
    assert (after.container, after.pictures.turn, after.pictures.variable) == ("mov", made.before.pictures.turn, True)
    assert after.pictures.turn != (1, 0, 0, 1)
    assert [one.codec for one in after.of(Kind.SUBTITLE, Kind.PICTURE)] == ["mov_text", "mjpeg"]
    assert [one.title for one in after.chapters] == ["One", "Two"]
    assert after.tags["title"] == "A film"
    with (tmp_path / "target").open("rb") as file:
        names = [box.name for box in boxes(file.fileno())]
    assert names.index(b"moov") < names.index(b"mdat")


@pytest.mark.parametrize(
    "codec",
    [Codec.H265, *(pytest.param(one, marks=pytest.mark.long) for one in (Codec.AV1, Codec.VP9))],
)
async def test_hdr_stays_hdr_and_what_is_told_otherwise_is_found(codec: Codec, tmp_path: Path) -> None:
    made = await remade(films.hdr(), wish(codec), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    light = (await made.after()).pictures.light
    assert (light.transfer, light.primaries, light.matrix, light.bits, light.content) == (16, 9, 9, 10, (1000, 400))
    assert light.mastering is not None
    assert light.mastering.points == pytest.approx((0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329), abs=0.0005)
    assert light.mastering.light == pytest.approx((0.0001, 1000), abs=0.01)
    if codec is Codec.H265:
        words = ("-i", "a", "-map", "0", "-c", "copy", "-bsf:v", "hevc_metadata=transfer_characteristics=1")
        [failed] = (await made.verdict(films.ran(*words, files={"a": made.data}))).failed
        assert failed.name == "light"
        assert "transfer is 1, not 16" in failed.detail


@pytest.mark.long
async def test_fields_become_whole_pictures_and_samples_keep_their_shape(tmp_path: Path) -> None:
    made = await remade(films.interlaced(), wish(Codec.H264, deinterlace=True), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = (await made.after()).pictures
    assert (after.interlaced, after.aspect) == (False, (3, 4))
    assert "its fields become whole pictures" in made.order.reasons


@pytest.mark.long
@pytest.mark.parametrize("codec", list(Codec))
async def test_each_codec_makes_all_of_them(codec: Codec, tmp_path: Path) -> None:
    for number, data in enumerate((films.matroska(), films.mp4(), films.interlaced(), films.camera())):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = await remade(data, wish(codec, 3_000_000, deinterlace=True, subsample=True), folder)
        verdict = await made.verdict()
        assert verdict.ok, (number, verdict.failed)


@pytest.mark.long
@pytest.mark.parametrize("sound", ["opus", "aac"])
async def test_bulky_sound_is_encoded_and_as_loud(sound: str, tmp_path: Path) -> None:
    words = wish(Codec.H264, 3_000_000, subsample=True, sound=SoundWish(sound))
    made = await remade(films.camera(), words, tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = await made.after()
    assert [one.codec for one in after.of(Kind.AUDIO)] == [sound]
    assert after.pictures.light.full
    muted = films.ran(
        "-i", "a", "-map", "0", "-c", "copy", "-c:a", "libopus", "-af", "volume=0.2", files={"a": made.data}
    )
    assert "sound" in {one.name for one in (await made.verdict(muted)).failed}
    # As loud, and as long: the same tone upside down, and another.
    for other in ("volume=-1", "asetrate=44100,aresample=48000,apad=whole_dur=2,atrim=duration=2"):
        words = ("-i", "a", "-map", "0", "-c", "copy", "-c:a", "libopus", "-b:a", "64k", "-af", other)
        failed = (await made.verdict(films.ran(*words, files={"a": made.data}))).failed
        assert any("another sound" in one.detail for one in failed), failed


@pytest.mark.long
@pytest.mark.parametrize(
    ("sound", "pattern"),
    [
        ("opus", "anoisesrc=d=2:c=pink:r=48000:a=0.4,aformat=channel_layouts=5.1(side)"),
        ("opus", "anoisesrc=d=2:c=white:r=48000:a=0.00005,aformat=channel_layouts=stereo"),
        ("aac", "anoisesrc=d=2:c=brown:r=44100:a=0.4"),
        ("aac", "aevalsrc='0.2*sin(2*PI*277*t)|0|0|0.3*sin(2*PI*50*t)|0|0.001*random(0)':d=2:s=48000:c=5.1"),
        ("opus", "anullsrc=d=2:r=48000"),
    ],
)
async def test_sound_of_all_kinds_is_the_same_when_it_was_encoded(sound: str, pattern: str, tmp_path: Path) -> None:
    """Noise, what is next to nothing, another rate, channels that are silent."""
    pictures = ("-f", "lavfi", "-i", films.GRAIN.format(rate=25), "-c:v", "ffv1")
    film = films.ran(*pictures[:4], "-f", "lavfi", "-i", pattern, *pictures[4:], "-c:a", "flac")
    made = await remade(film, wish(Codec.H264, subsample=True, sound=SoundWish(sound)), tmp_path)
    assert [one.codec for one in (await made.after()).of(Kind.AUDIO)] == [sound]
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", *(pytest.param(name, marks=pytest.mark.long) for name in REAL)])
async def test_real_footage_keeps_all_it_holds(tmp_path: Path, name: str) -> None:
    data = dict(footage())[name]
    made = await remade(data, wish(Codec.AV1, 250_000, subsample=True), tmp_path)
    verdict = await made.verdict(bars=Bars(least_vmaf=60))
    assert verdict.ok, verdict.failed
    assert len(made.data) < len(data)


@pytest.mark.parametrize("every", [2, 7])
async def test_vmaf_is_that_of_each_so_many_pictures_seen_among_all_the_others(tmp_path: Path, every: int) -> None:
    """To the last digit, though most of the others never reach what measures it."""
    made = await remade(films.matroska(), wish(Codec.H264), tmp_path)
    with (tmp_path / "source").open("rb") as source, (tmp_path / "target").open("rb") as target:
        words = (made.before, await made.after(), made.order, made.protection, every, made.told.append, WHOLE)
        seen = await watch(source.fileno(), target.fileno(), Watching(*words))
    inputs = [f"[{number}:v:0]settb=1/25,setpts=N[{number}]" for number in (0, 1)]
    plain = ";".join([*inputs, f"[0][1]libvmaf=n_subsample={every}:model={MODEL}"])
    words = ("-nostdin", "-i", "target", "-i", "source", "-lavfi", plain, "-f", "null", "-")
    done = await asyncio.create_subprocess_exec(films.FFMPEG, *words, cwd=tmp_path, stderr=subprocess.PIPE)
    said = (await done.communicate())[1].decode()
    assert [seen.vmaf] == [float(one) for one in VMAF.findall(said)]


@pytest.mark.long
async def test_it_is_made_smaller_and_compared_at_its_old_size(tmp_path: Path) -> None:
    made = await remade(films.mp4(), wish(Codec.H265, most_lines=72), tmp_path)
    assert (made.order.width, made.order.height) == (128, 72)
    verdict = await made.verdict(bars=Bars(least_vmaf=30, least_second=0.3))
    assert verdict.ok, verdict.failed
    assert not (await made.verdict(bars=Bars(least_vmaf=99))).ok


@pytest.mark.long
async def test_a_recording_begins_with_the_first_picture_that_is_whole(tmp_path: Path) -> None:
    made = await remade(films.recording(), wish(Codec.H264), tmp_path)
    verdict = await made.verdict()
    assert not verdict.failed
    assert any("before the first whole one are gone" in one.detail for one in verdict.checks)


@pytest.mark.long
async def test_tags_of_a_maker_stay(tmp_path: Path) -> None:
    made = await remade(films.telephone(), wish(Codec.H264), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = await made.after()
    assert (after.container, after.tags["com.apple.quicktime.make"]) == ("mov", "Maker")


@pytest.mark.long
async def test_what_leaves_mp4_takes_its_subtitles_along_as_subrip(tmp_path: Path) -> None:
    lossless = films.ran(
        "-i",
        "a.mp4",
        "-map",
        "0",
        "-map",
        "-0:d",
        "-c",
        "copy",
        "-c:a",
        "pcm_s16le",
        files={"a.mp4": films.mp4()},
        suffix="mov",
    )
    made = await remade(lossless, wish(Codec.AV1), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    after = await made.after()
    assert (after.container, [one.codec for one in after.of(Kind.SUBTITLE)]) == ("matroska", ["subrip"])
    other = made.data.replace(b"A second line", b"A second lime")
    assert other != made.data
    assert {one.name for one in (await made.verdict(other)).failed} == {"words"}


@pytest.mark.long
async def test_what_becomes_no_smaller_is_refused(tmp_path: Path) -> None:
    small = films.ran("-f", "lavfi", "-i", "testsrc2=size=192x108:duration=1", "-c:v", "libx264", "-crf", "40")
    with pytest.raises(Refused) as caught:
        await remade(small, wish(Codec.H264), tmp_path)
    assert caught.value.code == "no_smaller"


@pytest.mark.parametrize("damaged", [films.rotten, pytest.param(films.broken, marks=pytest.mark.long)])
async def test_what_was_damaged_before_is_told_from_what_was_harmed(
    damaged: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """In a picture, or so that the container loses some."""
    made = await remade(damaged(films.matroska()), wish(Codec.H264), tmp_path)
    verdict = await made.verdict()
    assert verdict.damaged_before
    assert not verdict.ok
    assert "decoding" not in {one.name for one in verdict.failed}


async def test_a_sphere_stays_one(tmp_path: Path) -> None:
    made = await remade(films.sphere(), wish(Codec.H264), tmp_path)
    assert set(made.before.pictures.around) == {"SPHERICAL"}
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    flat = films.ran("-i", "a", "-map", "0", "-c", "copy", files={"a": made.data}, suffix="mp4")
    assert {one.name for one in (await made.verdict(flat)).failed} == {"shape"}


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        (films.readings, "(data, bin_data) has no place"),
        (films.glass, "transparent"),
        (films.mixed, "changes"),
        (films.cropped, "less of its pictures"),
    ],
)
async def test_what_only_the_file_itself_tells_is_refused(
    film: Callable[[], bytes], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=re.escape(reason)):
        await remade(film(), wish(Codec.AV1), tmp_path)


@pytest.mark.long
async def test_a_stream_that_begins_late_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(films.late())
    with (tmp_path / "a").open("rb") as file, pytest.raises(Refused, match="begins too far behind"):
        await walk(file.fileno(), 0, await probe(), nice=0)


@pytest.mark.long
async def test_hd_that_says_nothing_of_its_colours_says_so_when_it_is_hd_no_more(tmp_path: Path) -> None:
    pattern = "testsrc2=size=1280x720:rate=10:duration=1,noise=alls=9:allf=t"
    hd = films.ran("-f", "lavfi", "-i", pattern, "-c:v", "libx264", "-qp", "10", "-pix_fmt", "yuv420p")
    made = await remade(hd, wish(Codec.H264, most_lines=480), tmp_path)
    assert (await made.after()).pictures.light.matrix == 1
    verdict = await made.verdict(bars=Bars(least_vmaf=30, least_second=0.3))
    assert verdict.ok, verdict.failed
    assert verdict.vmaf is not None
    assert verdict.vmaf > 60
