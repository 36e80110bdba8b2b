"""What a byte takes up on drives, by the report on storage."""

import pytest

from appliance.library.overhead import overhead

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("sets", "factor"),
    [
        ([(4, 2)], 2.0),
        ([(16, 4)], 16 / 12),
        ([(4, 2), (12, 4)], (4 * 2 + 12 * 1.5) / 16),  # the larger set holds more
        ([], 1.0),
    ],
)
def test_drives_for_parity_are_counted(sets: list[tuple[int, int]], factor: float) -> None:
    told = {"sets": [{"drives": drives, "parity": parity} for drives, parity in sets]}
    assert overhead(told) == pytest.approx(factor)
    assert overhead(None) == 1.0
