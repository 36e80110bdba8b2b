"""Nothing but pixels and a profile gets into a version: no place, no camera, no comment."""

import struct

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processors.image import develop
from processors.image.profile import bare
from tests.processors.byhand import jpeg_segment, png_chunk
from tests.processors.pictures import DISPLAY_P3, corners, encoded
from tests.processors.reading import opened

pytestmark = pytest.mark.pure

SECRETS = (b"SecretMaker", b"SecretPlace", b"SecretComment", b"SecretXmp", b"SecretText")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SecretXmp</x:xmpmeta>'


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[0x010F] = "SecretMaker"
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4], gps[27] = "N", (52.0, 31.0, 7.0), "E", (13.0, 24.0, 30.0), b"SecretPlace"
    return tags


def picture() -> Image.Image:
    return corners(300, 200)


def clear() -> Image.Image:
    image = corners(300, 200)
    image.putalpha(100)
    return image


def text() -> PngInfo:
    info = PngInfo()
    info.add_text("Author", "SecretText")
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


def from_a_camera() -> bytes:
    """A JPEG as a camera and an editor leave it: IPTC, C2PA, a maker's note, and a second picture behind the first."""
    tags = exif()
    tags.get_ifd(0x8769)[0x927C] = b"SecretMaker note"
    iptc = b"Photoshop 3.0\0" + b"8BIM\4\4\0\0" + struct.pack(">I", 15) + b"\x1c\x02\x50\0\x0aSecretText\0"
    claim = b"JP\0\1\0\0\0\1" + struct.pack(">I", 40) + b"jumbc2pa SecretText".ljust(36, b"\0")
    second = Image.new("RGB", (160, 120))
    data = encoded(picture(), "MPO", save_all=True, append_images=[second], exif=tags, comment=b"SecretComment")
    return data[:2] + jpeg_segment(0xED, iptc) + jpeg_segment(0xEB, claim) + data[2:] + b"SecretText"


def with_chunks() -> bytes:
    """A PNG with chunks of other programs, the one of C2PA among them."""
    data = encoded(picture(), "PNG")
    return data[:33] + png_chunk(b"caBX", b"jumbc2pa SecretText") + png_chunk(b"zzZz", b"SecretText") + data[33:]


def with_serial_number() -> bytes:
    """A screenshot with the profile of its screen, which has the tag `mmod`, and bytes behind its end."""
    count = int.from_bytes(DISPLAY_P3[128:132], "big")
    moved = DISPLAY_P3[:132]
    for at in range(132, 132 + 12 * count, 12):
        name, place, length = struct.unpack_from(">4sII", DISPLAY_P3, at)
        moved += name + struct.pack(">II", place + 12, length)
    serial = b"mmod\0\0\0\0SecretMaker 0815"
    moved += b"mmod" + struct.pack(">II", len(DISPLAY_P3) + 12, len(serial)) + DISPLAY_P3[132 + 12 * count :] + serial
    moved = struct.pack(">I", len(moved)) + moved[4:128] + struct.pack(">I", count + 1) + moved[132:]
    return encoded(picture(), "JPEG", icc_profile=moved + b"SecretText")


TOLD = {
    "JPEG": lambda: encoded(picture(), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP, icc_profile=DISPLAY_P3),
    "JPEG 4:4:4": lambda: encoded(picture(), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP, subsampling=0),
    "JPEG gray": lambda: encoded(picture().convert("L"), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP),
    "JPEG of a camera": from_a_camera,
    "JPEG with a screen's profile": with_serial_number,
    "PNG of other programs": with_chunks,
    "PNG": lambda: encoded(picture(), "PNG", exif=exif(), pnginfo=text()),
    "PNG clear": lambda: encoded(clear(), "PNG", exif=exif(), pnginfo=text()),
    "WebP": lambda: encoded(picture(), "WEBP", exif=exif(), xmp=XMP),
    "WebP clear": lambda: encoded(clear(), "WEBP", exif=exif(), xmp=XMP),
    "TIFF": lambda: encoded(picture(), "TIFF", exif=exif()),
    "GIF": lambda: encoded(picture(), "GIF", comment=b"SecretComment"),
    "HEIC": lambda: encoded(picture(), "HEIF", exif=exif(), xmp=XMP),
    "AVIF": lambda: encoded(picture(), "AVIF", exif=exif(), xmp=XMP, speed=10),
}


@pytest.mark.parametrize("name", TOLD)
def test_all_metadata_is_gone(name: str) -> None:
    data = TOLD[name]()
    assert any(secret in data for secret in SECRETS)
    for made in develop(data).versions:
        assert not any(secret in bytes(made.data) for secret in SECRETS)
        shown = opened(made)
        assert len(shown.getexif()) == 0
        assert not {"exif", "xmp", "comment", "photoshop", "adobe"} & shown.info.keys()


# What it takes to show a JPEG (JFIF, profile, tables, frame, scan), and a WebP with or without transparency.
JPEG_MARKERS = {0xE0, 0xE2, 0xDB, 0xC0, 0xC4, 0xDA}
WEBP_CHUNKS = {b"VP8 ", b"VP8X", b"ALPH", b"ICCP"}


@pytest.mark.parametrize("name", TOLD)
def test_a_version_has_no_part_that_showing_it_does_not_need(name: str) -> None:
    for made in develop(TOLD[name]()).versions:
        data = bytes(made.data)
        if made.extension == "jpg":
            assert set(jpeg_markers(data)) <= JPEG_MARKERS
            assert data.count(b"\xff\xd8\xff") == data.count(b"\xff\xd9") == 1
            assert data.endswith(b"\xff\xd9")
        else:
            assert set(webp_chunks(data)) <= WEBP_CHUNKS


def jpeg_markers(data: bytes) -> list[int]:
    """The markers of a JPEG's segments, up to its scan."""
    found: list[int] = []
    at = 2
    while not found or found[-1] != 0xDA:
        found.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def webp_chunks(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 12
    while at < len(data):
        found.append(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return found


def test_a_screens_profile_keeps_its_colours() -> None:
    shown = opened(develop(with_serial_number()).versions[0])
    assert shown.info["icc_profile"] == bare(DISPLAY_P3)
