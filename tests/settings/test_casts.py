"""Texts become values and values texts, the same for every source."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.settings import casts
from appliance.settings.casts import Unit, cast, written
from processors.video.codec import Codec

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("kind", "text", "unit", "value"),
    [
        *((bool, text, Unit.NONE, True) for text in ("true", "True", " yes", "ON", "1")),
        *((bool, text, Unit.NONE, False) for text in ("false", "no", "off", "0")),
        *((int, "12", unit, 12) for unit in Unit),
        (int, "-3", Unit.NONE, -3),
        (float, "0.5", Unit.NONE, 0.5),
        (str, " as it is ", Unit.NONE, " as it is "),
        (dict, '{"a": [1]}', Unit.NONE, {"a": [1]}),
        (dict[str, int], "{}", Unit.NONE, {}),
        (list, "[1, null]", Unit.NONE, [1, None]),
        (tuple[str, ...], " a  b ", Unit.NONE, ("a", "b")),
        (Codec, "av1", Unit.NONE, Codec.AV1),
        (float, "90s", Unit.SECONDS, 90.0),
        (int, "1h30m", Unit.SECONDS, 5400),
        (float, "250ms", Unit.SECONDS, 0.25),
        (float, "36h", Unit.DAYS, 1.5),
        (int, "2w", Unit.DAYS, 14),
        (int, "2d", Unit.HOURS, 48),
        (int, "4M", Unit.BYTES, 4_000_000),
        (int, "7.3 TB", Unit.BYTES, 7_300_000_000_000),
        (int, "16TiB", Unit.BYTES, 16 << 40),
    ],
)
def test_texts_that_are_values(kind: type, text: str, unit: Unit, value: object) -> None:
    found = cast(kind, text, unit)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "unit"),
    [
        *((bool, text, Unit.NONE) for text in ("", "2", "truee")),
        *((int, text, Unit.NONE) for text in ("", "1.5", "ten", "90s", "4M", "1e3", "0x10", "9" * 5000)),
        *((float, text, Unit.NONE) for text in ("nan", "inf", "-inf", "1e999", "")),
        *((dict, text, Unit.NONE) for text in ("[]", "1", "{", "null", "[" * 100_000)),
        *((list, text, Unit.NONE) for text in ("{}", '"a"', "")),
        (Codec, "mjpeg", Unit.NONE),
        *(
            (int, text, Unit.DAYS)
            for text in ("36h", "9" * 400, "9" * 400 + "d", "9" * 5000, "2 fortnights", "1d1", "s", "-2d", "1dd")
        ),
        *((int, text, Unit.BYTES) for text in ("4X", "9" * 5000, "9" * 400 + "P", "-4M", "4 MM", "90s")),
    ],
)
def test_texts_that_are_none_are_refused_without_being_repeated(kind: type, text: str, unit: Unit) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        cast(kind, text, unit)
    assert len(str(refused.value)) < 200


_PLAIN = st.none() | st.booleans() | st.integers() | st.text()
_JSON = _PLAIN | st.lists(_PLAIN, max_size=3) | st.dictionaries(st.text(), _PLAIN, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        *(st.tuples(st.just(kind), st.from_type(kind)) for kind in (bool, str)),
        st.tuples(st.just(int), st.integers(-casts.LARGEST, casts.LARGEST)),
        st.tuples(st.just(float), st.floats(allow_nan=False, allow_infinity=False)),
        st.tuples(st.just(list), st.lists(_JSON)),
        st.tuples(st.just(dict), st.dictionaries(st.text(), _JSON)),
    )
)
def test_what_is_written_is_read_as_the_same(pair: tuple[type, object]) -> None:
    kind, value = pair
    assert cast(kind, written(value)) == value


@settings(max_examples=60, deadline=None)
@given(st.floats(min_value=0, max_value=1e9), st.sampled_from(["ms", "s", "min", "h", "d", "w"]))
def test_durations_of_any_length(number: float, unit: str) -> None:
    of = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}[unit]
    assert math.isclose(casts.seconds(f"{number:f}{unit}"), float(f"{number:f}") * of)
