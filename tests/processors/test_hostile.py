"""Files made to do harm, through the sandbox: disguises, polyglots, bombs. None reaches out, none harms another."""

import gzip
import io
import struct
import time
import zlib

import pytest
from PIL import Image

from processors.refusals import Refused
from processors.sandbox.memory import resident_bytes
from processors.sandbox.sandbox import Sandbox
from tests.processors.byhand import jpeg_segment, png_chunk
from tests.processors.canary import Canary
from tests.processors.metadata import foreign
from tests.processors.pictures import encoded, png_claiming, scene

PHOTO = encoded(scene(400, 300), "JPEG")
SIDE = 50_000


async def refused(sandbox: Sandbox, data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        await sandbox.develop(data)
    return caught.value


def disguised(url: str, file: str) -> dict[str, bytes]:
    """Content of other kinds, as it would come under the name photo.jpg; all of it would fetch `url` or read `file`."""
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(" + file.encode() + b") (r) file\nshowpage\n"
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://{file}">]>'
        '<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(\'{url}\')"><image href="{url}"/><text>&x;</text></svg>'
    )
    return {
        "EPS": eps,
        "EPS in a DOS wrapper": b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, len(eps)) + bytes(18) + eps,
        "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, 8, 3) + bytes(12),
        "FITS": b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800),
        "SVG": svg.format(url=url, file=file).encode(),
        "SVG, gzipped": gzip.compress(svg.format(url=url, file=file).encode()),
        "playlist": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n".encode(),
        "list for concat": f"ffconcat version 1.0\nfile '{file}'\n".encode(),
        "HTML": f"<!doctype html><script>fetch('{url}')</script><img src='{url}'>".encode(),
        "ImageMagick's own": f'push graphic-context\nimage over 0,0 0,0 "{url}"\npop graphic-context\n'.encode(),
        "XML with entities": b"<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>",
        "PDF": f"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI({url})>>>>endobj\n".encode(),
        "BMP": encoded(Image.new("RGB", (9, 9)), "BMP"),
        "ICO": encoded(Image.new("RGBA", (32, 32)), "ICO"),
        "PCX": encoded(Image.new("RGB", (9, 9)), "PCX"),
        "TGA": encoded(Image.new("RGB", (9, 9)), "TGA"),
        "WMF": b"\xd7\xcd\xc6\x9a\0\0" + bytes(16) + b"\1\0\x09\0\0\3" + bytes(20),
        "video": b"\0\0\0\x18ftypisom\0\0\0\1isommp42" + bytes(64),
    }


async def test_other_kinds_in_disguise_are_refused_and_fetch_nothing(sandbox: Sandbox, canary: Canary) -> None:
    for name, data in disguised(canary.url, "/etc/passwd").items():
        assert (await refused(sandbox, data)).code in ("not_a_picture", "unsupported_kind"), name
    assert (await sandbox.develop(PHOTO)).versions
    assert canary.visits == 0


def polyglots(url: str) -> dict[str, bytes]:
    page = f"<script>fetch('{url}')</script>".encode()
    gif = encoded(Image.new("P", (16, 16)), "GIF")
    png = encoded(scene(60, 40), "PNG")
    archive = b"PK\3\4" + bytes(26) + b"PK\5\6" + bytes(18)
    return {
        "JPEG and HTML": PHOTO[:2] + jpeg_segment(0xFE, page) + PHOTO[2:] + page,
        "JPEG and zip": PHOTO + archive,
        "JPEG and PDF": PHOTO[:2] + jpeg_segment(0xFE, b"%PDF-1.7\n" + page) + PHOTO[2:],
        "GIF and script": gif[:-1] + b"\x21\xfe" + bytes([len(page)]) + page + b"\0;" + b"/*" + page + b"*/",
        "PNG and HTML": png[:33] + png_chunk(b"tEXt", b"Title\0" + page) + png[33:] + page,
        "PNG and Java archive": png + archive,
    }


async def test_a_polyglot_is_only_a_picture_when_it_comes_out(sandbox: Sandbox, canary: Canary) -> None:
    for name, data in polyglots(canary.url).items():
        for version in (await sandbox.develop(data)).versions:
            made = bytes(version.data)
            assert not foreign(made), name
            assert not [part for part in (b"<script", b"PK\3\4", b"%PDF") if part in made], name
    assert canary.visits == 0


def floods() -> dict[str, bytes]:
    """Headers that claim 50,000 x 50,000 pixels."""
    gif = bytearray(encoded(Image.new("P", (16, 16)), "GIF"))
    gif[6:10] = struct.pack("<HH", SIDE, SIDE)
    at = gif.index(0x2C, 13 + 3 * 2 ** ((gif[10] & 7) + 1))
    gif[at + 5 : at + 9] = struct.pack("<HH", SIDE, SIDE)
    out = io.BytesIO()
    Image.new("L", (16, 16)).save(out, "TIFF")
    tiff = bytearray(out.getvalue())
    first = struct.unpack_from("<I", tiff, 4)[0]
    for entry in range(struct.unpack_from("<H", tiff, first)[0]):
        place = first + 2 + 12 * entry
        if struct.unpack_from("<H", tiff, place)[0] in (256, 257, 278):
            struct.pack_into("<HII", tiff, place + 2, 4, 1, SIDE)
    jpeg = bytearray(PHOTO)
    frame = jpeg.index(b"\xff\xc0") + 5
    jpeg[frame : frame + 4] = struct.pack(">HH", SIDE, SIDE)
    return {"PNG": png_claiming(SIDE, SIDE), "GIF": bytes(gif), "TIFF": bytes(tiff), "JPEG": bytes(jpeg)}


async def test_pixel_floods_are_refused_within_a_second(sandbox: Sandbox) -> None:
    for name, data in floods().items():
        await sandbox.start()
        began = time.monotonic()
        assert (await refused(sandbox, data)).code == "too_many_pixels", name
        assert time.monotonic() - began < 1, name
    assert (await sandbox.develop(PHOTO)).versions


async def test_a_webp_can_not_claim_so_much(sandbox: Sandbox) -> None:
    """Its sizes have 14 bits, or 24 in the header of an animation, which the decoder compares with its frames."""
    canvas = struct.pack("<I", 0x02)[:4] + struct.pack("<I", SIDE - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    found = await refused(sandbox, b"RIFF" + struct.pack("<I", len(body)) + body)
    assert found.code in ("too_many_pixels", "damaged")


def squeezed(byte: bytes, megabytes: int) -> bytes:
    squeezer, block = zlib.compressobj(9), byte * (1 << 20)
    return b"".join(squeezer.compress(block) for _ in range(megabytes)) + squeezer.flush()


def metadata_bombs() -> dict[str, bytes]:
    """A picture each with 100 MB of text, and with text and profiles that unpack to as much."""
    png = encoded(scene(60, 40), "PNG")
    segment = jpeg_segment(0xE1, b"Exif\0\0" + bytes(60_000))
    segments = segment * (100_000_000 // len(segment))
    return {
        "JPEG, EXIF": PHOTO[:2] + segments + PHOTO[2:],
        "JPEG, comments": PHOTO[:2] + jpeg_segment(0xFE, b"x" * 65_000) * 1_500 + PHOTO[2:],
        "PNG, text": png[:33] + png_chunk(b"tEXt", b"a\0" + b"x" * 100_000_000) + png[33:],
        "PNG, packed text": png[:33] + png_chunk(b"zTXt", b"a\0\0" + squeezed(b"x", 100)) + png[33:],
        "PNG, much packed text": png[:33] + png_chunk(b"iTXt", b"a\0\1\0\0\0" + squeezed(b"x", 40)) * 40 + png[33:],
        "PNG, packed profile": png[:33] + png_chunk(b"iCCP", b"a\0\0" + squeezed(b"x", 400)) + png[33:],
    }


async def test_metadata_bombs_end_soon_and_leave_nothing(sandbox: Sandbox) -> None:
    codes = {}
    for name, data in metadata_bombs().items():
        await sandbox.start()
        began = time.monotonic()
        try:
            versions = (await sandbox.develop(data)).versions
        except Refused as found:
            codes[name] = found.code
        else:
            assert not [version.name for version in versions if foreign(bytes(version.data))], name
        assert time.monotonic() - began < 3, name
        assert sandbox.pid
        assert resident_bytes(sandbox.pid) < 1 << 30, name
    assert {code for name, code in codes.items() if "JPEG" in name} == {"too_much_metadata"}
    assert {code for name, code in codes.items() if "PNG" in name} == {"damaged"}
    assert (await sandbox.develop(PHOTO)).versions


async def test_the_memory_of_a_bomb_is_capped() -> None:
    """A picture under the limit of pixels that needs more than its sandbox may hold."""
    flat = encoded(Image.new("RGB", (14_000, 14_000)), "PNG", compress_level=1)
    async with Sandbox(max_bytes=300 << 20) as small:
        assert (await refused(small, flat)).code == "too_much_memory"
        assert (await small.develop(PHOTO)).versions
