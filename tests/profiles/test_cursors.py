"""Cursors of lists in the order of a time."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadRequest
from appliance.profiles import pages

pytestmark = pytest.mark.pure
ONE = UUID(int=1)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.uuids())
def test_a_place_is_the_same_to_the_microsecond(at: datetime, one: UUID) -> None:
    place = (at.replace(tzinfo=UTC), one)
    assert pages.read(pages.written(*place)) == place


@pytest.mark.parametrize("cursor", ["x", "1", f"1e9.{ONE}", f"{10**30}.{ONE}", "1.x", f".{ONE}"])
def test_what_is_none_is_told_so(cursor: str) -> None:
    with pytest.raises(BadRequest):
        pages.read(cursor)
