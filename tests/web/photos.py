"""Photos for the tests: real JPEG files of a megabyte or more, each different from the others."""

from pathlib import Path

import numpy as np
from PIL import Image


def photo(path: Path, seed: int, size: tuple[int, int] = (2000, 1500)) -> Path:
    """A JPEG of soft colours under grain (grain is what makes a photo heavy), about 1.5 MB at the usual size."""
    random = np.random.default_rng(seed)
    small = random.integers(30, 225, (6, 8, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
    grain = random.normal(0, 22, (size[1], size[0], 1)).astype(np.int16)
    Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8)).save(path, "JPEG", quality=88)
    return path


def photos(folder: Path, count: int, first: int = 0) -> list[Path]:
    """`count` photos named photo-00.jpg and so on, landscape and portrait in turn."""
    sizes = ((2000, 1500), (1500, 2000), (2400, 1350))
    return [photo(folder / f"photo-{n:02}.jpg", n, sizes[n % 3]) for n in range(first, first + count)]
