"""What a drive says of its own health: `smartctl --json --all`, read into sentences.

The keys are those that smartctl 7 writes (its ataprint.cpp, scsiprint.cpp and nvmeprint.cpp); the bits of its exit code
are those of smartctl(8), RETURN VALUES.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ops.disks.system import ToolFailed, run, there

USAGE, NOT_OPENED, DISK_FAILING, PREFAIL_NOW = 1, 2, 8, 16
ANY_EXIT = range(256)
WORN = 90
"""Percent of an SSD's rated writes, from which on it is time to buy another one."""

# Attributes whose raw value counts sectors that could not be read or had to be moved. Backblaze's fleet: each of them
# above zero goes with a failure many times as likely within the year.
COUNTED = {
    5: "reallocated sectors",
    187: "uncorrectable errors reported",
    197: "sectors waiting to be reallocated",
    198: "sectors that can't be read",
}
# The bits of an NVMe drive's critical warning (NVM Express base specification, SMART / Health Information).
WARNINGS = (
    "its spare blocks run out",
    "it is too hot or too cold",
    "it is no longer reliable",
    "it has become read-only",
    "its protection against power loss has failed",
    "its persistent memory has become read-only",
)


_COMPLAINTS = {"STANDBY": "it is asleep", "Unable to detect device type": "it has no SMART"}


class Verdict(StrEnum):
    FINE = "fine"
    SOON = "replace soon"
    NOW = "replace now"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Health:
    verdict: Verdict
    why: tuple[str, ...] = ()
    celsius: int | None = None
    hours: int | None = None
    """Power-on hours."""

    def __str__(self) -> str:
        return f"{self.verdict}: {', '.join(self.why)}" if self.why else str(self.verdict)


def asked(device: str) -> Health:
    """The health of the drive at this path; one that has no SMART, or for which there is no smartctl, is not known."""
    if not there("smartctl"):
        return Health(Verdict.UNKNOWN, ("smartctl is not installed",))
    try:
        # A drive that sleeps is left asleep.
        return read(run("smartctl", "--json", "--all", "--nocheck=standby,0", device, well=ANY_EXIT))
    except ToolFailed as failure:
        return Health(Verdict.UNKNOWN, (str(failure),))


def read(text: str) -> Health:
    """The health in smartctl's JSON."""
    try:
        told = json.loads(text)
    except ValueError:
        return Health(Verdict.UNKNOWN, ("smartctl said nothing that can be read",))
    code = told.get("smartctl", {}).get("exit_status", 0)
    if code & (USAGE | NOT_OPENED) or "smart_status" not in told:
        return Health(Verdict.UNKNOWN, (_complaint(told) or "it has no SMART",))
    now, soon = _failing(told, code), _signs(told)
    verdict = Verdict.NOW if now else Verdict.SOON if soon else Verdict.FINE
    hours = told.get("power_on_time", {}).get("hours")
    return Health(verdict, (*now, *soon), told.get("temperature", {}).get("current"), hours)


def _complaint(told: Mapping[str, Any]) -> str:
    messages = told.get("smartctl", {}).get("messages", [])
    said = next((str(one.get("string", "")) for one in messages), "").rpartition(": ")[2]
    return next((text for word, text in _COMPLAINTS.items() if word in said), said)


def _failing(told: Mapping[str, Any], code: int) -> list[str]:
    """What the drive itself, or a value below the maker's threshold, calls a failure."""
    found = []
    if told["smart_status"].get("passed") is False or code & DISK_FAILING:
        found.append("it says itself that it fails")
    log = told.get("nvme_smart_health_information_log", {})
    found += [text for bit, text in enumerate(WARNINGS) if log.get("critical_warning", 0) >> bit & 1]
    if code & PREFAIL_NOW:
        for row in told.get("ata_smart_attributes", {}).get("table", []):
            if row.get("when_failed") == "now" and row.get("flags", {}).get("prefailure"):
                found.append(f"{row['name']} is at {row['value']}, below {row['thresh']}")
    return found


def _signs(told: Mapping[str, Any]) -> list[str]:
    """What announces a failure while the drive still calls itself well."""
    return [*_of_sata(told), *_of_sas(told), *_of_nvme(told)]


def _of_sata(told: Mapping[str, Any]) -> list[str]:
    rows = {row.get("id"): row for row in told.get("ata_smart_attributes", {}).get("table", [])}
    counted = ((text, rows[number]["raw"]["value"]) for number, text in COUNTED.items() if number in rows)
    return [f"{count} {text}" for text, count in counted if count]


def _of_sas(told: Mapping[str, Any]) -> list[str]:
    found = []
    if moved := told.get("scsi_grown_defect_list", 0):
        found.append(f"{moved} {COUNTED[5]}")
    for way, counts in told.get("scsi_error_counter_log", {}).items():
        if errors := counts.get("total_uncorrected_errors", 0):
            found.append(f"{errors} uncorrected errors ({way})")
    return found


def _of_nvme(told: Mapping[str, Any]) -> list[str]:
    log, found = told.get("nvme_smart_health_information_log", {}), []
    if errors := log.get("media_errors", 0):
        found.append(f"{errors} blocks that could not be read")
    if (used := log.get("percentage_used", 0)) >= WORN:
        found.append(f"{used}% of its rated writes are used up")
    return found
