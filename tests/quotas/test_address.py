"""Which address a request counts for, of what its headers say, and what is kept of it."""

import pytest
from litestar.connection import ASGIConnection

from appliance.quotas.address import Marks, address

pytestmark = pytest.mark.pure


def connection(*forwarded: str) -> ASGIConnection:
    """A request with these X-Forwarded-For headers."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return ASGIConnection({"type": "http", "headers": headers, "client": ("127.0.0.1", 1)})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ((), None),
        (("192.0.2.1",), "192.0.2.1"),
        (("203.0.113.9, 192.0.2.1",), "192.0.2.1"),
        (("203.0.113.9", "192.0.2.1"), "192.0.2.1"),
        (("::ffff:192.0.2.1",), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::"),
        (("2001:db8:1:2::9",), "2001:db8:1:2::"),
        (("nonsense",), None),
        (("192.0.2.1, ",), None),
    ],
)
def test_the_last_value_is_the_edges_own(forwarded: tuple[str, ...], expected: str | None) -> None:
    assert address(connection(*forwarded)) == expected


def test_a_mark_tells_addresses_apart_and_not_what_they_are() -> None:
    marks, others = Marks("a secret"), Marks("another")
    mark = marks.of(connection("192.0.2.1"))
    assert mark == marks.of(connection("192.0.2.1"))
    assert mark is not None
    assert len(mark) == 16
    assert len({mark, marks.of(connection("192.0.2.2")), others.of(connection("192.0.2.1"))}) == 3
    assert marks.of(connection()) is None
