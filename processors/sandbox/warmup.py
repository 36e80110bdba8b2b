"""Developing one small file of each kind, so that what is loaded late is loaded before the doors close."""

import base64
import io
from collections.abc import Iterator

from PIL import Image, ImageCms

from processors import pdf
from processors.image import develop, library
from processors.pdf import engine
from processors.pdf.sample import SAMPLE, TEXT
from processors.plugin import installed
from processors.recipes import Fit, Format, Recipe, VersionSpec

SIDE = 16
# Of documents, whose pages have no pixels of their own.
TINY = Recipe("sample", (VersionSpec("sample", SIDE, SIDE),), quality=82)
# 16 x 16 pixels each. Made with the encoders of pillow-heif and pillow-avif, which the child had better not load.
HEIC = (
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0004eZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE"
    "07O6l0RRC200001pa1~?00000001Qb001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002|X>f9I0002o"
    "X>en20001WXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDDMA4O18@KU0|1Z!00RI3"
    "0{|YNAb|yz>aLpR;31&EfB*mtfB*mk0EA)y0RRR>0l{;@i2wiq6Ju{|a&BX6cmM$a4FCp!0000KX>)L8000000000$0000$0000eV{Bn?"
    "0000G000010000G00001|NsBc00002|NsBc000020000GaA|mH000000|*ER0000OX>e^}0000000001009Mo0s{qv0000jZDe6|0000X"
    "C;_hvNJ(RW^#YT+I;DDFK%%1SnH#`U<eiW3-jL<wFa"
)
AVIF = (
    "0000WW^{RQVRmU|00000VRmU|ZE0pPZE0a<O+hh20002%ZDn*}000000000XXk=`10000000000aA{+7000000000000000000004sdC7"
    "Z2$lO000310016oY;R)#0000)000310RR910RR926951JBme*aC~0YKW&i*H00031000_kZf0cy000000RRADb}%tRZ)|UJ00000YH4tC"
    "Z~y=ROKEUpZvX%Q6lrsCWdHyG000005C8xG5C8xG5O8UDX#fBK00RgJ2mk;83}JRLLxBJc000006Ju{|a&BX6cmM$a4FCp!0000NX>e^}"
    "0000000001009I60)qqq001m)WMOm?0162h4FB37A)wHJG8G+%hlQQoamND6zyNi9T!|+lb*f+<"
)

# Every way to encode.
ENCODED = Recipe("encoded", tuple(VersionSpec(format, SIDE, SIDE, Fit.COVER, format) for format in Format), quality=70)


def warm_up() -> None:
    """Develop every sample. Raises when one fails: a child that can't read a kind must not start.

    Nor may one with a library that is not the right one.
    """
    library.check()
    engine.check()
    for name, sample in _samples():
        developed = develop(sample)
        if (developed.source.width, developed.source.height) != (SIDE, SIDE):
            raise ValueError(f"the {name} sample came out wrong")
    develop(_file(Image.new("RGB", (SIDE, SIDE)), "PNG"), ENCODED)
    if pdf.read(SAMPLE, TINY).versions[-1].data != TEXT:
        raise ValueError("the PDF sample came out wrong")
    for plugin in installed().values():
        plugin.develop(memoryview(plugin.sample))


def _samples() -> Iterator[tuple[str, bytes]]:
    color = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    clear = color.copy()
    clear.putalpha(128)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield "JPEG", _file(color, "JPEG", icc_profile=profile)
    yield "progressive JPEG", _file(color, "JPEG", progressive=True)
    yield "gray JPEG", _file(color.convert("L"), "JPEG")
    yield "CMYK JPEG", _file(color.convert("CMYK"), "JPEG")
    yield "PNG", _file(clear, "PNG", icc_profile=profile)
    yield "gray PNG applying a profile", _file(clear.convert("LA"), "PNG", icc_profile=_gray_profile())
    yield "WebP", _file(clear, "WEBP")
    yield "GIF", _file(color, "GIF")
    yield "TIFF", _file(color, "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        yield f"TIFF {compression}", _file(color, "TIFF", compression=compression)
    yield "HEIC", base64.b85decode(HEIC)
    yield "AVIF", base64.b85decode(AVIF)


def _file(image: Image.Image, format_name: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format_name, **options)
    return out.getvalue()


def _gray_profile() -> bytes:
    """A gray profile of gamma 1: header, tag table, white point and a curve (ICC.1:2022, sections 7 and 10)."""
    white = b"XYZ \0\0\0\0" + bytes.fromhex("0000f6d6000100000000d32d")
    curve = b"curv\0\0\0\0\0\0\0\0"
    tags = ((b"wtpt", white), (b"kTRC", curve))
    offset = 128 + 4 + 12 * len(tags)
    table, body = len(tags).to_bytes(4, "big"), b""
    for name, content in tags:
        table += name + (offset + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content
    header = (
        bytes(8) + bytes.fromhex("02100000") + b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    )
    size = 128 + len(table) + len(body)
    return size.to_bytes(4, "big") + header[4:128] + table + body
