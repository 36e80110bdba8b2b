"""Whose an object version is that could not be healed: by its key, and as ./ops/heal tells it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from appliance.care import unhealed
from ops.commands import heal
from storage import layout

pytestmark = pytest.mark.pure

ASSET = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def found(root: str) -> dict[str, Any]:
    """As a row of the ledger's database tells of an original of somebody below `root`."""
    row = {
        "bucket": "originals",
        "key": layout.original_key(root, "seven", layout.FOLDERS[root][0], ASSET),
        "version_id": "one",
        "asset": ASSET,
        "filename": "a.jpg",
        "state": "error",
        "error_code": "object_damaged",
        "uploader": "tom",
        "verdict": "damaged",
        "detail": "3 of 4 shards",
        "found_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return unhealed._told(row)  # type: ignore[arg-type]  # a mapping, as a row of asyncpg is one


@pytest.mark.parametrize(("root", "noun"), [("projects", "project"), ("chats", "chat"), ("users", "user")])
def test_its_owner_and_who_uploaded_it_are_told(root: str, noun: str) -> None:
    one = found(root)
    assert {other: one[other] for other in ("project", "chat", "user") if one[other]} == {noun: "seven"}
    told = heal.text({"unhealed": [one]})
    assert f"asset {ASSET} (a.jpg, object_damaged), {noun} seven, uploaded by user tom" in told
    assert "lost: to be uploaded again, or restored from a backup; 3 of 4 shards" in told


def test_the_system_is_nobodys() -> None:
    one = found("system")
    assert not [noun for noun in ("project", "chat", "user") if one[noun]]
