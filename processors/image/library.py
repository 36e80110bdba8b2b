"""The imaging library: that it is Pillow-SIMD, built with AVX2 and with all that is needed.

The ordinary Pillow has the same name and gives the same pictures. If it came in its place, as other packages ask for
it, nobody would see more of it than that everything takes longer.
"""

import itertools
import platform
import re
from pathlib import Path

import PIL
from PIL import Image, features

NEEDED = ("jpg", "zlib", "libtiff", "webp", "littlecms2")
# vpmaddwd on 256-bit registers is the heart of the AVX2 resampler; built without, there is next to none of it. Its
# encoding is C5, a byte whose low bits say "256 bits, prefix 66", F5.
WIDE = re.compile(b"\xc5[" + re.escape(bytes(byte for byte in range(256) if byte & 7 == 5)) + b"]\xf5")
WIDE_AT_LEAST = 20


class WrongLibrary(Exception):
    """The imaging library is another one, or lacks something."""


def check() -> None:
    """Raises WrongLibrary, which says what it lacks. Takes milliseconds."""
    lacking = [name for name in NEEDED if not features.check(name)]
    if ".post" not in PIL.__version__:
        lacking.append(f"SIMD (it is Pillow {PIL.__version__}, not pillow-simd)")
    if platform.machine() == "x86_64" and not _wide():
        lacking.append("AVX2 (build it with CFLAGS=-mavx2)")
    if lacking:
        raise WrongLibrary(f"the imaging library lacks {', '.join(lacking)}: the environment has to be made anew")


def _wide() -> bool:
    found = WIDE.finditer(Path(Image.core.__file__).read_bytes())
    return len(list(itertools.islice(found, WIDE_AT_LEAST))) == WIDE_AT_LEAST
