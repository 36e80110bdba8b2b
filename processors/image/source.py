"""Opening a source: everything that can be known, and refused, before a pixel is decoded."""

import io
from dataclasses import dataclass

import pillow_avif
import pillow_heif
from PIL import Image, UnidentifiedImageError

from processors.image import frames
from processors.image.kinds import JPEG, PNG, TIFF, Kind, kind_of
from processors.image.profile import bare
from processors.image.samples import scale_transparency
from processors.image.segments import limit_metadata
from processors.limits import MAX_PIXELS
from processors.refusals import Code, Refused

pillow_heif.register_heif_opener()
# Photos are developed one a core, and threads of a decoder would only fight over it.
pillow_heif.options.DECODE_THREADS = 1
pillow_avif.AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# The check is ours, with a message of ours; Pillow's own would warn at half of its limit.
Image.MAX_IMAGE_PIXELS = None

ORIENTATION = 0x0112
DNG_VERSION = 0xC612
NEW_SUBFILE_TYPE = 0x00FE


@dataclass(frozen=True)
class Source:
    """An opened file, not decoded. `orientation` is the EXIF value 1-8; `width` and `height` are as stored."""

    kind: Kind
    data: memoryview
    image: Image.Image
    width: int
    height: int
    frames: int
    orientation: int
    profile: bytes | None

    @property
    def displayed_size(self) -> tuple[int, int]:
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


def open_source(data: memoryview) -> Source:
    """Open the file in `data`.

    Raises Refused: empty, not_a_picture, unsupported_kind, too_much_metadata, damaged, too_many_pixels,
    too_many_frames.
    """
    kind = kind_of(data)
    if kind is JPEG:
        limit_metadata(data)
    image = _open(data, kind)
    width, height = image.size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        message = f"The picture has {width:,} x {height:,} pixels; at most {limit} megapixels are allowed."
        raise Refused(Code.TOO_MANY_PIXELS, message)
    if kind is TIFF:
        _refuse_raw(image)
    if kind is PNG:
        scale_transparency(image, data)
    return Source(
        kind=kind,
        data=data,
        image=image,
        width=width,
        height=height,
        frames=frames.count(data, image, kind),
        orientation=1 if kind is TIFF else _orientation(image),  # Pillow turns TIFF itself
        profile=bare(image.info.get("icc_profile")),
    )


def _open(data: memoryview, kind: Kind) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=kind.decoders)
    except MemoryError:
        raise
    except UnidentifiedImageError:
        message = f"The file begins like {kind.name.upper()} but can't be read: it is damaged, or of a rare variety."
        raise Refused(Code.DAMAGED, message) from None
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise Refused(Code.DAMAGED, f"The {kind.name.upper()} file is damaged and can't be read.") from error


def _refuse_raw(image: Image.Image) -> None:
    """Camera raw files are TIFF inside, and would give no more than the preview that their first page holds."""
    tags = getattr(image, "tag_v2", {})
    if DNG_VERSION in tags or tags.get(NEW_SUBFILE_TYPE, 0) == 1:
        raise Refused(Code.UNSUPPORTED_KIND, "Camera raw files are not supported. Please send a JPEG made from it.")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 when missing or nonsense: a broken EXIF block must not cost anybody the photo."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
