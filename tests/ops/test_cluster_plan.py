"""`./ops/cluster plan`, as it is typed."""

import json
import subprocess
from typing import Any

import pytest

from ops import quantities
from tests.stack import CHECKOUT, environment

EXAMPLE = ["--hosts", "4", "--drives", "4", "--size", "8T"]


def planned(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(CHECKOUT / "ops" / "cluster"), "plan", *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)


def figures(*arguments: str) -> dict[str, Any]:
    done = planned(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_example_of_the_proposal() -> None:
    told = figures(*EXAMPLE)
    assert (told["layout"]["sets"], told["layout"]["set_drives"]) == (1, 16)
    assert told["usable_bytes"] == pytest.approx(91.2e12)
    assert told["originals"]["writes"] == {"drives": 4, "hosts": 1}
    assert told["originals"]["nines"] == pytest.approx(11.6, abs=0.05)
    assert told["days_until_full"] == pytest.approx(139, abs=1)
    assert told["warnings"] == []
    shown = planned(*EXAMPLE).stdout
    assert "1 of 16 drives, 4 of a host in each" in shown
    assert "only an off-site copy lifts that" in shown


def test_more_parity_less_space_more_nines() -> None:
    less, more = figures(*EXAMPLE, "--parity", "4"), figures(*EXAMPLE, "--parity", "8")
    assert more["usable_bytes"] < less["usable_bytes"]
    assert more["originals"]["nines"] > less["originals"]["nines"]
    assert more["originals"]["reads"]["hosts"] == 2


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        (("--hosts", "1", "--drives", "4"), "One host"),
        (("--hosts", "2", "--drives", "8"), "With one host down nothing can be read"),
        (("--hosts", "2", "--drives", "2"), "With one host down nothing can be uploaded"),
        (("--hosts", "4", "--drives", "1"), "versions not; --versions-parity 2 helps"),
        (("--hosts", "4", "--drives", "1", "--photos-per-day", "2000000"), "Each drive's writing"),
        (("--hosts", "4", "--drives", "4", "--network", "0.1"), "A host's cable"),
        (("--hosts", "4", "--drives", "4", "--repair-hours", "200"), "keep a spare"),
    ],
)
def test_what_is_weak_about_it_is_said(arguments: tuple[str, ...], warned: str) -> None:
    assert any(warned in warning for warning in figures(*arguments, "--size", "8T")["warnings"])


def test_what_can_not_be_built_is_refused_with_the_reason() -> None:
    done = planned("--hosts", "17", "--drives", "1", "--size", "8T")
    assert done.returncode == 1
    assert "can't form equal sets" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "wrong", [("--size", "eight"), ("--size", "0"), ("--hosts", "-1"), ("--afr", "nan"), ("--drives", "1.5")]
)
def test_an_option_that_makes_no_sense_is_named(wrong: tuple[str, str]) -> None:
    done = planned(*EXAMPLE, *wrong)
    assert done.returncode == 2
    assert wrong[0] in done.stderr


@pytest.mark.pure
def test_sizes_are_read_and_told() -> None:
    assert [quantities.size(text) for text in ("4M", "7.3 TB", "16TiB", "512")] == [
        4_000_000,
        7_300_000_000_000,
        16 << 40,
        512,
    ]
    assert [quantities.bytes_told(count) for count in (12, 4e6, 91.2e12)] == ["12.0 B", "4.00 MB", "91.2 TB"]
