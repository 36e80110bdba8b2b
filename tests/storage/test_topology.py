"""How drives form sets, and what may fail of them."""

import pytest

from storage.topology import Impossible, Margin, default_parity, laid_out, set_size

pytestmark = pytest.mark.pure


# By the rule in the server's source; (4, 5) is what it said when four hosts with five drives each were started by hand.
@pytest.mark.parametrize(
    ("hosts", "drives", "size"),
    [
        (1, 4, 4),
        (1, 6, 6),
        (1, 20, 10),
        (4, 1, 4),
        (4, 2, 8),
        (4, 4, 16),
        (4, 5, 4),
        (4, 6, 12),
        (16, 1, 16),
        (32, 12, 16),
    ],
)
def test_sets_are_the_servers(hosts: int, drives: int, size: int) -> None:
    assert set_size(hosts, drives) == size


@pytest.mark.parametrize(
    ("hosts", "drives", "why"),
    [
        (1, 1, "nothing to spread"),
        (0, 4, "has to be a host"),
        (4, 0, "has to have a drive"),
        (17, 1, "can't form equal sets"),
        (1, 17, "can't form equal sets"),
    ],
)
def test_what_can_not_work_is_refused_with_the_reason(hosts: int, drives: int, why: str) -> None:
    with pytest.raises(Impossible, match=why):
        laid_out(hosts, drives)


def test_four_hosts_with_two_drives_each() -> None:
    """Of four nodes with EC:4 of 8 one was killed: 100 of 100 went on; two: reads went on, writes were refused."""
    layout = laid_out(4, 2)
    assert (layout.sets, layout.set_drives, layout.of_a_host) == (1, 8, 2)
    assert (layout.parity, layout.reduced) == (4, 2)
    assert layout.reads(4) == Margin(4, 2)
    assert layout.writes(4) == Margin(3, 1)
    assert layout.reads(2) == layout.writes(2) == Margin(2, 1)


def test_one_host_has_no_other_to_lose() -> None:
    layout = laid_out(1, 4)
    assert (layout.parity, layout.reduced) == (2, 1)
    assert layout.reads(2) == Margin(2, 0)
    assert layout.writes(2) == Margin(1, 0)


def test_more_hosts_than_a_set_is_wide() -> None:
    layout = laid_out(40, 12)
    assert (layout.set_drives, layout.sets, layout.of_a_host) == (10, 48, 1)
    assert layout.reads(layout.parity).hosts == 4


@pytest.mark.parametrize(("parity", "reduced"), [(0, None), (5, None), (2, 3), (2, 0)])
def test_parity_out_of_its_range_is_refused(parity: int, reduced: int | None) -> None:
    with pytest.raises(Impossible, match="parity"):
        laid_out(4, 2, parity, reduced)


def test_default_parity_is_the_servers() -> None:
    assert [default_parity(drives) for drives in (2, 3, 4, 5, 6, 7, 8, 16)] == [1, 1, 2, 2, 3, 3, 4, 4]
