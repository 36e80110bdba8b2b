"""What drives say of themselves becomes a sentence. The samples are modelled on what smartctl 7.3 says of such drives;
`loop.json` is what it says of a device without SMART.
"""

import json
from pathlib import Path

import pytest

from ops.disks import smart
from ops.disks.smart import Verdict

pytestmark = pytest.mark.pure

SAMPLES = Path(__file__).parent / "samples"


def health(name: str) -> smart.Health:
    return smart.read((SAMPLES / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "celsius", "hours"), [("sata-healthy", 36, 36055), ("sas-healthy", 33, 21987), ("nvme-healthy", 38, 12798)]
)
def test_a_drive_that_is_fine(name: str, celsius: int, hours: int) -> None:
    assert health(name) == smart.Health(Verdict.FINE, (), celsius, hours)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "sata-reallocated",
            "replace soon: 12 reallocated sectors, 3 uncorrectable errors reported, "
            "8 sectors waiting to be reallocated",
        ),
        ("sas-reallocated", "replace soon: 27 reallocated sectors, 2 uncorrected errors (read)"),
        ("nvme-worn", "replace soon: 7 blocks that could not be read, 97% of its rated writes are used up"),
        (
            "sas-failing",
            "replace now: it says itself that it fails, 1893 reallocated sectors, 14 uncorrected errors (read)",
        ),
        ("sata-asleep", "not known: it is asleep"),
        ("loop", "not known: it has no SMART"),
    ],
)
def test_what_is_wrong_is_said(name: str, sentence: str) -> None:
    assert str(health(name)) == sentence


def test_a_value_below_its_threshold_is_named() -> None:
    found = health("sata-failing")
    assert found.verdict is Verdict.NOW
    assert found.why[:2] == ("it says itself that it fails", "Reallocated_Sector_Ct is at 4, below 10")


def test_each_bit_of_the_critical_warning_is_said() -> None:
    assert health("nvme-failing").why[1:3] == ("its spare blocks run out", "it has become read-only")


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, Verdict.FINE),
        (1, Verdict.UNKNOWN),
        (2, Verdict.UNKNOWN),
        (4, Verdict.FINE),
        (8, Verdict.NOW),
        (64, Verdict.FINE),
    ],
)
def test_the_bits_of_the_exit_code(code: int, verdict: Verdict) -> None:
    """4: a command was not understood, 64: there are old entries in the log. Neither says that it fails."""
    told = json.loads((SAMPLES / "sata-healthy.json").read_text())
    told["smartctl"]["exit_status"] = code
    assert smart.read(json.dumps(told)).verdict is verdict


@pytest.mark.parametrize("text", ["", "smartctl: not found", "{}", '{"smartctl": {}}'])
def test_what_can_not_be_read_is_not_known(text: str) -> None:
    assert smart.read(text).verdict is Verdict.UNKNOWN
