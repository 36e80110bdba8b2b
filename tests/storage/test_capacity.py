"""Space and load of a layout, by sums that are made here by hand."""

import pytest

from storage import capacity
from storage.capacity import FULL, Stream, demand
from storage.topology import laid_out

pytestmark = pytest.mark.pure

TB = 10**12
STREAM = Stream(photos=86_400, photo_bytes=4e6, version_bytes=1e6)  # one a second


def test_half_of_the_drives_is_for_originals_with_as_much_parity_as_data() -> None:
    assert capacity.usable(laid_out(1, 4), TB) == pytest.approx(2 * TB * FULL)
    assert capacity.usable(laid_out(4, 4), TB) == pytest.approx(12 * TB * FULL)


def test_a_photo_takes_its_bytes_its_versions_and_the_parity_of_both() -> None:
    layout = laid_out(1, 4)  # EC:2, versions EC:1
    assert capacity.stored(layout, STREAM) == pytest.approx(4e6 * 2 + 1e6 * 4 / 3)


def test_days_until_full() -> None:
    layout = laid_out(1, 4)
    daily = 86_400 * (8e6 + 4e6 / 3)
    assert capacity.days_until_full(layout, 8 * TB, STREAM) == pytest.approx(FULL * 32 * TB / daily)
    assert capacity.days_until_full(layout, 8 * TB, Stream(0, 4e6, 1e6)) == float("inf")


def test_drives_write_all_that_is_stored_and_read_what_is_developed() -> None:
    asked = demand(laid_out(1, 4), STREAM)
    assert asked.drive_writes == pytest.approx((8e6 + 4e6 / 3) / 4)
    assert asked.drive_reads == pytest.approx(1e6)
    assert asked.host_network == pytest.approx(4e6), "what stays on one machine needs no cable"


def test_hosts_pass_on_what_is_not_their_own() -> None:
    asked = demand(laid_out(4, 2), STREAM)  # EC:4 of 8, versions EC:2
    spread = 0.75 * (4e6 * 2 + 1e6 * 8 / 6)
    assert asked.host_network == pytest.approx((4e6 + 4e6 + 1e6 + spread + 0.75 * 4e6) / 4)
    twice = demand(laid_out(4, 2), Stream(2 * 86_400, 4e6, 1e6))
    assert twice.host_network == pytest.approx(2 * asked.host_network)
    assert twice.cores == pytest.approx(2 * asked.cores)
