"""What smartctl really said of drives of several kinds, as Telegraf keeps it for its own tests: read into sentences.

The recordings are taken from its Go module, which is pinned here by its hash; none of them is in this repository.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ops.disks import smart
from ops.disks.smart import Health, Verdict
from storage.server.build import toolchain

MODULE, SUM = "github.com/influxdata/telegraf@v1.37.2", "h1:mYr0I/suEw9+UM4KrCFuYuzJuq/e99cINniIwqO6ykw="
FOLDER = "plugins/inputs/smartctl/testcases_device"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetches nothing but the module itself, and compares it with the hash above instead of a database of them."""
    work = tmp_path_factory.mktemp("recordings")
    own = {"GOPATH": f"{work}/go", "GOCACHE": f"{work}/cache", "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"}
    argv = [str(toolchain()), "mod", "download", "-json", MODULE]
    env = {**os.environ, **own, "GONOSUMDB": "*", "GOWORK": "off"}
    done = subprocess.run(argv, cwd=work, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["Sum"] == SUM
    return Path(told["Dir"]) / FOLDER


@pytest.mark.parametrize(
    ("kind", "celsius", "hours"),
    [("scsi", 24, 32978), ("scsi_extended", 24, 34222), ("megaraid", 25, 44316), ("nvme", 48, 8733), ("usb", None, 11)],
)
def test_recorded_drives_that_passed_are_fine(recordings: Path, kind: str, celsius: int | None, hours: int) -> None:
    told = (recordings / kind / "response.json").read_text()
    assert smart.read(told) == Health(Verdict.FINE, (), celsius, hours)


@pytest.mark.parametrize(
    ("kind", "harm", "why"),
    [
        ("scsi", {"scsi_grown_defect_list": 7}, "7 reallocated sectors"),
        ("megaraid", {"smart_status": {"passed": False}}, "it says itself that it fails"),
        ("nvme", {"nvme_smart_health_information_log": {"critical_warning": 8}}, "it has become read-only"),
    ],
)
def test_what_would_be_wrong_with_such_a_drive_is_said(
    recordings: Path, kind: str, harm: dict[str, object], why: str
) -> None:
    told = json.loads((recordings / kind / "response.json").read_text())
    assert harm.keys() <= told.keys(), "the recording has what is changed here"
    for name, value in harm.items():
        told[name] = {**told[name], **value} if isinstance(value, dict) else value
    assert why in str(smart.read(json.dumps(told)))
