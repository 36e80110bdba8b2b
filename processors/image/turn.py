"""Turning a picture the way its EXIF orientation asks for."""

from PIL import Image

# EXIF 2.32, tag 0x0112: how the stored rows and columns have to be moved to stand upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """`image` turned by its EXIF `orientation` (1-8)."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
