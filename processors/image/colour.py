"""Colour: from any mode to gray, RGB or RGBA of 8 bit, with a profile that says what the numbers mean."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

from processors.image.samples import eight_bit
from processors.limits import MAX_PROFILE_BYTES
from processors.refusals import Code, Refused

# What a profile's colour space has to be for it to describe pixels of a mode.
SPACES = {"L": "GRAY", "RGB": "RGB", "RGBX": "RGB", "RGBA": "RGB", "CMYK": "CMYK", "LA": "GRAY", "LAB": "LAB"}
# The mode in which Pillow hands pixels of a space to the colour engine.
ENGINE_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK", "LAB": "LAB"}
SRGB = ImageCms.createProfile("sRGB")
# Few kinds of devices make most photos, and their profiles are the same to the byte.
PROFILES_KEPT = 8


def unpack(image: Image.Image) -> Image.Image:
    """Palettes, bits, 16-bit gray and odd alpha unpacked to a mode that can be resized.

    Those are L, LA, RGB, RGBX, RGBA, CMYK and LAB.

    Raises Refused unsupported_kind for samples of 32 bit, or with a sign.
    """
    mode = image.mode
    if mode.startswith("I;16"):
        return eight_bit(image)
    if mode in ("I", "F"):
        raise Refused(
            Code.UNSUPPORTED_KIND,
            "Pictures with signed samples, or of 32 bits, are not supported; please send 8 or 16 bits.",
        )
    if "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        return image.convert("RGBA")
    if mode in ("1", "L", "RGB", "RGBX", "RGBA", "LA", "CMYK", "LAB"):
        return image.convert("L") if mode == "1" else image
    if mode in ("P", "YCbCr", "HSV"):
        return image.convert("RGBA" if mode == "P" and image.palette and image.palette.mode == "RGBA" else "RGB")
    return image.convert("RGBA")  # PA, La, RGBa


def to_final(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """The image as L, RGB(X) or RGBA, and the profile to carry along; None means sRGB (or plain gray).

    A profile that fits is carried: no colour is lost to a smaller space. One that can't be carried (CMYK, gray with
    transparency, very large) is applied. One that is broken, or of another space than the pixels, is ignored.
    """
    image = _drop_opaque_alpha(image)
    final = {"LA": "RGBA", "CMYK": "RGB", "LAB": "RGB"}.get(image.mode, image.mode)
    transform = _transform(profile, SPACES[image.mode]) if profile else None
    if transform is None:
        return _without_profile(image, final), None
    if final == image.mode and carriable(profile, final):
        return image, profile
    return _to_srgb(image, transform), None


def in_rgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """A final image as RGB or RGBA, for formats that have no gray, and the profile to carry along."""
    if image.mode != "L":
        return (image if image.mode == "RGBA" else image.convert("RGB")), profile
    transform = _transform(profile, "GRAY") if profile else None
    return (_to_srgb(image, transform) if transform else image.convert("RGB")), None


def carriable(profile: bytes | None, mode: str) -> bool:
    """Whether pixels of `mode` can be told right by carrying `profile` along, or need none."""
    return profile is None or (len(profile) <= MAX_PROFILE_BYTES and _transform(profile, SPACES[mode]) is not None)


def _drop_opaque_alpha(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA") or image.getchannel("A").getextrema() != (255, 255):
        return image
    return image.convert("RGB" if image.mode == "RGBA" else "L")


def _transform(profile: bytes, space: str) -> ImageCms.ImageCmsTransform | None:
    """From `profile` to sRGB; None if it is broken, not for embedding, or doesn't describe pixels of `space`."""
    # A large one is not kept: it would take memory from the pictures after it.
    return _small_transform(profile, space) if len(profile) <= MAX_PROFILE_BYTES else _parsed(profile, space)


@lru_cache(PROFILES_KEPT)
def _small_transform(profile: bytes, space: str) -> ImageCms.ImageCmsTransform | None:
    return _parsed(profile, space)


def _parsed(profile: bytes, space: str) -> ImageCms.ImageCmsTransform | None:
    try:
        parsed = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _built(parsed, space) if parsed.profile.xcolor_space.strip().upper() == space else None
    except (OSError, ValueError, TypeError, AttributeError, ImageCms.PyCMSError):
        return None


def _built(profile: ImageCms.ImageCmsProfile | ImageCms.core.CmsProfile, space: str) -> ImageCms.ImageCmsTransform:
    """Relative colorimetric with black point compensation, as browsers do it."""
    intent, compensated = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(profile, SRGB, ENGINE_MODES[space], "RGB", intent, compensated)


def _without_profile(image: Image.Image, final: str) -> Image.Image:
    if image.mode == "LAB":
        return _to_srgb(image, _built(ImageCms.createProfile("LAB"), "LAB"))
    return image if image.mode == final else image.convert(final)


def _to_srgb(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    """The picture in sRGB. Transparency is kept beside."""
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert("RGB") if image.mode == "RGBA" else image.getchannel("L")
    if image.mode == "RGBX":
        image = image.convert("RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    if alpha is not None:
        converted.putalpha(alpha)
    return converted
