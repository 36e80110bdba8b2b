"""Which backups a policy keeps, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.backups import keeping
from ops.backups.keeping import Policy, fates, parsed

pytestmark = pytest.mark.pure

START = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def days(count: int, hours: float = 24) -> list[str]:
    """Stamps of so many backups, the newest of them at START, so many hours apart."""
    return [(START - timedelta(hours=hours * number)).strftime(keeping.STAMP) for number in range(count)]


def kept(stamps: list[str], policy: Policy) -> list[str]:
    return [one.stamp for one in fates(stamps, policy) if one.reasons]


def test_the_newest_of_each_of_the_last_days() -> None:
    assert kept(days(30), Policy(daily=7)) == days(7)
    several = days(20, hours=6)
    found = fates(several, Policy(daily=3))
    assert [one.stamp[:8] for one in found if "daily" in one.reasons] == ["20261125", "20261124", "20261123"]
    assert found[0].reasons == ("newest", "daily")


def test_days_without_a_backup_do_not_count() -> None:
    seldom = days(10, hours=24 * 9)
    assert kept(seldom, Policy(daily=7)) == seldom[:7]


def test_periods_add_up() -> None:
    found = {one.stamp: one.reasons for one in fates(days(400), Policy(daily=7, weekly=4, monthly=12))}
    reasons = [reason for one in found.values() for reason in one if reason != "newest"]
    assert (reasons.count("daily"), reasons.count("weekly"), reasons.count("monthly")) == (7, 4, 12)
    assert sum(map(bool, found.values())) < 7 + 4 + 12, "one may be kept for several reasons"
    assert len({stamp[:6] for stamp, why in found.items() if "monthly" in why}) == 12


def test_the_oldest_stays_until_there_is_one_for_every_period() -> None:
    found = fates(days(10), Policy(monthly=12))
    assert found[-1].reasons == ("monthly",) or found[-1].reasons == ("oldest monthly",)
    assert len([one for one in found if one.reasons]) == 2


def test_by_keeping_day_after_day_what_is_old_is_there() -> None:
    """Pruned after each backup, as the schedule does it, the periods fill up."""
    held: list[str] = []
    for stamp in reversed(days(500)):
        held = kept([*held, stamp], Policy(daily=7, weekly=4, monthly=12))
    assert len({stamp[:6] for stamp in held}) >= 12
    assert len(held) <= 7 + 4 + 12


@pytest.mark.parametrize("policy", [Policy(), Policy(last=1), Policy(yearly=1)])
def test_the_newest_always_stays(policy: Policy) -> None:
    assert days(1)[0] in kept(days(5), policy)


def test_the_last_ones() -> None:
    assert kept(days(9, hours=1), Policy(last=4)) == days(4, hours=1)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("7d,4w,12m", Policy(daily=7, weekly=4, monthly=12)),
        ("3", Policy(last=3)),
        ("2y, 3, 1d", Policy(last=3, daily=1, yearly=2)),
    ],
)
def test_a_policy_is_read_as_it_is_told(text: str, policy: Policy) -> None:
    assert parsed(text) == policy
    assert parsed(str(policy)) == policy


@pytest.mark.parametrize("text", ["", "0d", "-1d", "7", "7d,7d", "d", "7h", "7d 4w", "1,2"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    if text == "7":
        assert parsed(text) == Policy(last=7)
        return
    with pytest.raises(keeping.BadPolicy):
        parsed(text)
