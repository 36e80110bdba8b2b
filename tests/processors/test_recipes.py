"""Boxes, and how pictures lie in them."""

from dataclasses import replace

import pytest

from processors.recipes import PHOTO, Recipe, VersionSpec

pytestmark = pytest.mark.pure


def test_the_photo_recipe_has_the_four_boxes() -> None:
    boxes = {v.name: (v.width, v.height) for v in PHOTO.versions}
    assert boxes == {"thumb": (150, 120), "big_thumb": (700, 700), "big_1920": (1920, 1080), "d2500": (2500, 2500)}
    assert PHOTO.quality == 82


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((4000, 3000), (1440, 1080)),
        ((3000, 4000), (810, 1080)),
        ((4000, 1000), (1920, 480)),
        ((1000, 800), (1000, 800)),
        ((100_000, 1), (1920, 1)),
        ((1, 100_000), (1, 1080)),
    ],
)
def test_a_picture_lies_inside_the_box_and_is_never_enlarged(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    assert VersionSpec("big_1920", 1920, 1080).fit(*size) == fitted


def test_every_setting_changes_the_hash() -> None:
    others = [replace(PHOTO, quality=83), replace(PHOTO, versions=PHOTO.versions[:3]), replace(PHOTO, revision=2)]
    assert len({PHOTO.hash, *(other.hash for other in others)}) == 4
    assert PHOTO.hash == replace(PHOTO).hash


def test_a_version_larger_than_the_one_it_is_made_from_is_refused() -> None:
    with pytest.raises(ValueError, match="b does not lie inside a"):
        Recipe("wrong", (VersionSpec("a", 100, 100), VersionSpec("b", 50, 101)), 82)
