"""The table of what is taken says the same as the code that takes it."""

import pytest

from processors import profiles
from processors.image import kinds
from processors.office import kinds as office_kinds
from processors.profiles import DOCUMENT, IMAGE, PDF, PROFILES, SPREADSHEET, VIDEO, profile_of
from processors.recipes import PHOTO
from processors.refusals import Refused
from processors.sniff import content_type
from storage import layout
from tests.processors import letters
from tests.processors.clips import FAST, clip

pytestmark = pytest.mark.pure


def test_its_content_types_are_those_that_the_decoders_take() -> None:
    assert IMAGE.content_types == set(kinds.BY_CONTENT_TYPE)


def test_each_content_type_and_each_extension_is_of_one_profile() -> None:
    for column in ("content_types", "extensions"):
        named = [value for profile in PROFILES.values() for value in getattr(profile, column)]
        assert len(named) == len(set(named))
    assert all(profiles.of_content(kind) is profile for profile in PROFILES.values() for kind in profile.content_types)


def test_pictures_are_those_of_the_recipe_and_folders_are_declared() -> None:
    assert set(IMAGE.versions) == {version.name for version in PHOTO.versions}
    assert {profile.folder for profile in PROFILES.values()} <= set(layout.FOLDERS[layout.PROJECTS])


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("a.JPG", IMAGE),
        ("a.b.heic", IMAGE),
        ("Letter.PDF", PDF),
        ("a.MOV", VIDEO),
        ("a.docx", DOCUMENT),
        ("a.CSV", SPREADSHEET),
        ("a", None),
        ("a.exe", None),
        ("pdf", None),
    ],
)
def test_a_name_is_a_hint(name: str, profile: profiles.Profile | None) -> None:
    assert profiles.suggested(name) is profile


@pytest.mark.parametrize("kind", office_kinds.KINDS, ids=lambda kind: kind.name)
def test_documents_are_known_by_their_content_types(kind: office_kinds.Kind) -> None:
    assert profile_of(kind.content_type) is (SPREADSHEET if kind.sheets else DOCUMENT)
    assert profiles.suggested(f"a.{kind.name}") is profile_of(kind.content_type)


def test_what_libmagic_calls_documents_goes_where_they_are_looked_into() -> None:
    """Packed otherwise than most programs do, locked, or a text with a language of its own."""
    locked = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000)
    for data in (letters.archive({"a": "b"}), locked, b"<html></html>", b"#!/bin/sh\nls", b'{"a": 1}'):
        assert profile_of(content_type(memoryview(data))) is DOCUMENT
    assert profile_of(content_type(memoryview(letters.xlsx({"A": [[1]]})))) is SPREADSHEET


CONTAINERS = {
    **dict.fromkeys(("mp4", "mov", "3gp", "3g2", "ipod", "matroska", "avi", "mpegts", "flv", "asf"), FAST),
    **dict.fromkeys(("vob", "svcd"), ("-c:v", "mpeg2video")),
    "mpeg": ("-c:v", "mpeg1video"),
    "webm": ("-c:v", "libvpx"),
    "ogg": ("-c:v", "libtheora"),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_video_is_known_by_its_content(container: str) -> None:
    data = clip(*CONTAINERS[container], pattern="testsrc2=size=128x96:rate=25:duration=0.4", suffix=container)
    assert profile_of(content_type(memoryview(data))) is VIDEO


def test_a_transport_stream_of_a_camera_is_known() -> None:
    packets = [b"\0\0\0\0G" + bytes(187)] * 30
    assert content_type(memoryview(b"".join(packets))) == "video/mp2t"
    assert content_type(memoryview(b"\0\0\0\0H" + b"".join(packets)[5:])) == "application/octet-stream"


def test_other_kinds_are_refused_with_what_is_taken() -> None:
    with pytest.raises(Refused) as refused:
        profile_of("application/x-sharedlib")
    assert (refused.value.code, refused.value.untouched) == ("unsupported_kind", True)
    assert profiles.taken() in refused.value.message
    assert len(refused.value.message) < 500


def test_what_is_taken_is_told_in_words() -> None:
    assert "pdf: pdf" in profiles.taken()
    assert "image: jpg, jpeg, png" in profiles.taken()
