"""Where a reader stands: what a cursor may look like, and whether its stream can go on from there."""

import pytest

from appliance.errors import BadRequest
from appliance.live.cursor import Bounds, Cursor, parse, resumes

pytestmark = pytest.mark.pure

HERE = Bounds(stream=1, head=100, first=41, epoch="now")
EMPTY = Bounds(stream=1, head=0, first=1, epoch="now")
PRUNED = Bounds(stream=1, head=100, first=101, epoch="now")  # every event is older than is kept


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        ("0", Cursor(0)),
        ("7", Cursor(7)),
        ("007", Cursor(7)),
        ("999999999999999999", Cursor(999_999_999_999_999_999)),
        ("abc:7", Cursor(7, "abc")),
        (":7", Cursor(7)),
        ("a:b:7", Cursor(7, "a:b")),
    ],
)
def test_a_cursor_is_a_number_with_or_without_its_epoch(text: str, cursor: Cursor) -> None:
    assert parse(text) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "abc:",
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "0x1",
        "\u0661",
        "\u00b2",
        "1000000000000000000",
        "null",
        "7:abc",
    ],
)
def test_everything_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(text)
    assert list(refused.value.fields) == ["after"]


@pytest.mark.parametrize(
    ("cursor", "bounds", "goes_on"),
    [
        (Cursor(100), HERE, True),  # all seen
        (Cursor(99), HERE, True),
        (Cursor(40), HERE, True),  # the next one is the oldest there is
        (Cursor(39), HERE, False),  # one is missing
        (Cursor(0), HERE, False),
        (Cursor(101), HERE, False),  # the future: from before a restore that lost it
        (Cursor(100, "now"), HERE, True),
        (Cursor(100, "then"), HERE, False),
        (Cursor(50, "then"), HERE, False),
        (Cursor(0), EMPTY, True),
        (Cursor(1), EMPTY, False),
        (Cursor(100), PRUNED, True),
        (Cursor(99), PRUNED, False),
    ],
)
def test_a_stream_goes_on_only_if_nothing_after_the_cursor_is_gone(
    cursor: Cursor, bounds: Bounds, goes_on: bool
) -> None:
    assert resumes(cursor, bounds) is goes_on
