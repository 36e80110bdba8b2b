"""What a rendition is made from: the smallest version that has all the pixels for it."""

from collections.abc import Iterable

from appliance.renders.orders import Made
from processors.recipes import VersionSpec


def sufficient(versions: Iterable[Made], original: tuple[int, int], spec: VersionSpec) -> Made | None:
    """The smallest of `versions` of a picture of the size `original` that need not be enlarged; None: its original."""
    width, height = spec.scaled(*original)
    enough = [one for one in versions if one["width"] >= width and one["height"] >= height]
    return min(enough, key=lambda one: one["width"] * one["height"], default=None)
