"""What is made on request is made from: of a picture the smallest version that has all the pixels for it."""

from collections.abc import Iterable

from appliance.renders.orders import Made
from processors.recipes import VersionSpec

AS_PDF = "pdf"
"""The version that a document has which is none itself: its pages are drawn from it."""


def sufficient(versions: Iterable[Made], original: tuple[int, int], spec: VersionSpec) -> Made | None:
    """The smallest of `versions` of a picture of the size `original` that need not be enlarged; None: its original."""
    width, height = spec.scaled(*original)
    enough = [one for one in versions if one["width"] >= width and one["height"] >= height]
    return min(enough, key=lambda one: one["width"] * one["height"], default=None)
