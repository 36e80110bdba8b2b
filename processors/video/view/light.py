"""Light: a decoded picture as sRGB of a given size, HDR brought down to SDR."""

from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from processors.video.facts import Transfer
from processors.video.view.describe import BT2020, TRANSFERS

Array = np.ndarray[Any, Any]
# Constants of SMPTE ST 2084 and of HLG, ITU-R BT.2100.
M1, M2, C1, C2, C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
A, B, C = 0.17883277, 0.28466892, 0.55991073
# Candela a square metre: PQ's brightest, and what is shown as SDR's white (ITU-R BT.2408).
PEAK, WHITE = 10_000.0, 203.0
HLG_PEAK = 1_000.0
TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)


def picture(frame: VideoFrame, width: int, height: int) -> Array:
    """`frame` as BGR, 8 bits, `width` x `height` pixels as coded: not turned yet."""
    transfer = TRANSFERS.get(int(frame.color_trc), Transfer.SDR)
    if transfer is Transfer.SDR:
        made = frame.reformat(width, height, "bgr24", interpolation=Interpolation.AREA)
        return made.to_ndarray()
    deep = frame.reformat(width, height, "rgb48le", interpolation=Interpolation.AREA).to_ndarray()
    signal = deep.astype(np.float32) / 65_535
    light = _pq(signal) if transfer is Transfer.PQ else _hlg(signal)
    if int(frame.color_primaries) == BT2020:
        light = np.clip(light @ TO_BT709.T, 0, None)
    return cv2.cvtColor(_encoded(_lowered(light)), cv2.COLOR_RGB2BGR)


def _pq(signal: Array) -> Array:
    """Light, 1.0 being SDR's white."""
    root = signal ** (1 / M2)
    return (np.maximum(root - C1, 0) / (C2 - C3 * root)) ** (1 / M1) * (PEAK / WHITE)


def _hlg(signal: Array) -> Array:
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - C) / A) + B) / 12)
    luma = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    return scene * np.maximum(luma, 1e-6)[..., None] ** 0.2 * (HLG_PEAK / WHITE)


def _lowered(light: Array) -> Array:
    """Reinhard's curve on the brightest of the three, so that colours keep their tone: what is dark stays as it is."""
    most = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    white = HLG_PEAK / WHITE
    return light * (1 + most / white**2) / (1 + most) * 1.5


def _encoded(light: Array) -> Array:
    """BT.709's light as a screen of 8 bits takes it."""
    light = np.clip(light, 0, 1)
    return np.rint(255 * light ** (1 / 2.2)).astype(np.uint8)
