"""How good versions look: structural similarity and gradient energy against a reference made the long way."""

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy
from PIL import Image, ImageOps

# Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE TIP 13(4), 2004.
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
WINDOW, SIGMA = (11, 11), 1.5


@dataclass(frozen=True)
class Quality:
    """`ssim`: 1 is the same as the reference. `energy`: gradient energy, 1 is as sharp as the reference."""

    ssim: float
    energy: float


class Reference:
    """One photo, decoded in full and turned upright; each version's reference is one LANCZOS step from it."""

    def __init__(self, photo: Path) -> None:
        with Image.open(photo) as image:
            self._full = ImageOps.exif_transpose(image).convert("RGB")
        self._luma: dict[tuple[int, int], numpy.ndarray] = {}

    def compare(self, version: bytes) -> Quality:
        """The quality of an encoded version, on luma, at the size it has."""
        image = Image.open(io.BytesIO(version)).convert("RGB")
        ours, reference = _luma(image), self._at(image.size)
        return Quality(ssim(ours, reference), gradient_energy(ours) / gradient_energy(reference))

    def _at(self, size: tuple[int, int]) -> numpy.ndarray:
        if size not in self._luma:
            self._luma[size] = _luma(self._full.resize(size, Image.Resampling.LANCZOS))
        return self._luma[size]


def ssim(one: numpy.ndarray, other: numpy.ndarray) -> float:
    """Mean structural similarity of two float32 arrays of shape (height, width), 0-255."""

    def blur(array: numpy.ndarray) -> numpy.ndarray:
        return cv2.GaussianBlur(array, WINDOW, SIGMA)

    mean_one, mean_other = blur(one), blur(other)
    variance_one = blur(one * one) - mean_one**2
    variance_other = blur(other * other) - mean_other**2
    covariance = blur(one * other) - mean_one * mean_other
    top = (2 * mean_one * mean_other + C1) * (2 * covariance + C2)
    bottom = (mean_one**2 + mean_other**2 + C1) * (variance_one + variance_other + C2)
    return float((top / bottom).mean())


def gradient_energy(luma: numpy.ndarray) -> float:
    """Mean of the squared differences between neighbours, along both axes: falls as a picture gets softer."""
    return float((numpy.diff(luma, axis=0) ** 2).mean() + (numpy.diff(luma, axis=1) ** 2).mean())


def _luma(image: Image.Image) -> numpy.ndarray:
    return numpy.asarray(image.convert("L"), dtype=numpy.float32)
