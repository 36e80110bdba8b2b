"""Nothing but pixels and a profile gets into a version: no place, no camera, no comment."""

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processors.image import develop
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


TOLD = {
    "JPEG": lambda: encoded(picture(), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP, icc_profile=DISPLAY_P3),
    "JPEG 4:4:4": lambda: encoded(picture(), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP, subsampling=0),
    "JPEG gray": lambda: encoded(picture().convert("L"), "JPEG", exif=exif(), comment=b"SecretComment", xmp=XMP),
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
