"""How good a picture is to be shown for a whole video: not black, not blank, not blurred."""

from typing import Any

import cv2
import numpy as np

# Of 255: below, a picture is taken for black; between its dark and bright parts less than this, for blank.
BLACK, BLANK = 24.0, 16.0
WIDTH = 320


def score(picture: "np.ndarray[Any, Any]") -> float:
    """Larger is better; below zero it is black or blank. The measure of blur is the variance of the Laplacian.

    At one width whatever the picture's, since grain and edges count differently at each.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    height = max(1, round(gray.shape[0] * WIDTH / gray.shape[1]))
    gray = cv2.resize(gray, (WIDTH, height), interpolation=cv2.INTER_AREA)
    ordered = np.sort(gray, axis=None)
    low, high = int(ordered[ordered.size // 20]), int(ordered[ordered.size * 19 // 20])
    if gray.mean() < BLACK or high - low < BLANK:
        return -1.0 + (high - low) / 1_000
    sharp = float(cv2.Laplacian(gray, cv2.CV_32F).var())
    # Beyond some sharpness more of it is noise; too bright or too dark costs as well.
    middle = 1 - abs(float(gray.mean()) / 255 - 0.45)
    return float(np.log1p(sharp)) * middle
