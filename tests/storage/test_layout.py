"""Keys: a pure function of the row, and back."""

import re
import uuid
from datetime import date
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import layout

pytestmark = pytest.mark.pure

ASSET = UUID("019a9f5e-0000-7000-8000-000000000000")
SHA = "0123456789abcdef" * 4


def test_keys_are_as_the_design_says() -> None:
    original = layout.original_key("projects", "111", "images", ASSET)
    assert original == f"projects/111/images/20251120/{ASSET}"
    version = layout.version_key("projects", "111", "images", ASSET, "big_1920", SHA, "jpg")
    assert version == f"{original}/big_1920.0123456789ab.jpg"
    assert layout.asset_prefix("projects", "111", "images", ASSET) == f"{original}/"
    assert layout.day_prefix("projects", "111", "images", date(2025, 11, 20)) == "projects/111/images/20251120/"


owners = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.~-]{0,127}", fullmatch=True)
# Up to the year 9999.
assets = st.builds(
    lambda milliseconds, rest: UUID(
        int=milliseconds << 80 | 7 << 76 | (rest >> 62 & 0xFFF) << 64 | 2 << 62 | rest % 2**62
    ),
    st.integers(0, 253402300799999),
    st.integers(0, 2**74 - 1),
)


places = st.sampled_from([(root, name) for root, names in layout.FOLDERS.items() for name in names])


@given(places, owners, assets)
def test_every_key_is_read_back_and_needs_no_encoding(place: tuple[str, str], owner: str, asset: UUID) -> None:
    root, folder = place
    key = layout.original_key(root, owner, folder, asset)
    assert layout.parse_original(key) == layout.Place(root, owner, folder, layout.day_of(asset), asset)
    version = layout.version_key(root, owner, folder, asset, "thumb", SHA, "webp")
    assert quote(version, safe="/~") == version
    assert version.startswith(layout.asset_prefix(root, owner, folder, asset))
    assert re.fullmatch(layout.ORIGINAL_PATH, f"/originals/{key}")
    assert re.fullmatch(layout.VERSION_PATH, f"/versions/{version}")
    assert not re.fullmatch(layout.ORIGINAL_PATH, f"/originals/{version}")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert layout.parse_original(text) is None


@pytest.mark.parametrize(
    "key",
    [
        f"projects/111/images/20251121/{ASSET}",
        f"projects/111/images/20251120/{str(ASSET).upper()}",
        f"projects/111/images/20251120/{ASSET}/thumb.0123456789ab.jpg",
        f"nobody/111/images/20251120/{ASSET}",
        f"projects/111/music/20251120/{ASSET}",
        f"projects/../images/20251120/{ASSET}",
        f"/projects/111/images/20251120/{ASSET}",
        "projects/111/images/20251120/78e6be90-37f5-4b54-88d0-1291f2708e5d",
        "projects/111/images/20251120/ffffffff-ffff-7fff-bfff-ffffffffffff",
    ],
)
def test_key_that_we_would_not_have_made_is_nobodys(key: str) -> None:
    assert layout.parse_original(key) is None


@pytest.mark.parametrize("owner", ["", "..", ".", "a/b", "-a", "ü", "a b", "a%2f", "a" * 129, "a\n", "a\0"])
def test_owner_that_could_leave_its_folder_is_refused(owner: str) -> None:
    with pytest.raises(ValueError, match="owner"):
        layout.original_key("projects", owner, "images", ASSET)


def test_other_parts_are_checked_too() -> None:
    good = ["projects", "1", "images", ASSET, "thumb", SHA, "jpg"]
    for place, bad in [
        (0, "x"),
        (2, "x"),
        (3, uuid.uuid4()),
        (4, "../a"),
        (4, "A"),
        (5, "zz"),
        (5, SHA + "\n"),
        (6, "j/g"),
    ]:
        parts = [*good[:place], bad, *good[place + 1 :]]
        with pytest.raises(ValueError, match=r"."):
            layout.version_key(*parts)  # type: ignore[arg-type]


def test_buckets_and_the_servers_other_paths_never_meet() -> None:
    assert {layout.ORIGINALS, layout.VERSIONS}.isdisjoint(layout.RESERVED)
