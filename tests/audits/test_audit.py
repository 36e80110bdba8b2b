"""./ops/audit on the machine as it is."""

import json
import subprocess
from pathlib import Path

from ops.audits import system
from tests.stack import environment

CHECKOUT = Path(__file__).parents[2]


def audit(tmp_path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(CHECKOUT / "ops" / "audit"), "--data", str(tmp_path / "data"), *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True)


def test_it_looks_into_everything_that_runs(tmp_path: Path) -> None:
    done = audit(tmp_path, "--offline", "--json")
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    about = {(row["component"], row["of"]) for row in told["rows"]}
    assert ("pillow", "pillow-simd 12.1.1.post0") in about
    assert ("github.com/minio/minio", "storage server") in about
    assert told["differences"] == [], "installed and built is what is pinned"
    assert any("PostgreSQL" in one for one in told["unknown"])
    assert not [row for row in told["rows"] if row["state"] == "open"]
    assert done.returncode == (1 if told["updates"] else 0), "only the system's own updates may wait"


def test_who_can_not_ask_says_what_it_knows_and_of_when(tmp_path: Path) -> None:
    done = audit(tmp_path, "--osv", "http://127.0.0.1:1")
    assert "OSV could not be asked" in done.stdout
    assert "as of 20" in done.stdout.splitlines()[0]
    assert done.returncode in (1, 2)


def test_the_libraries_of_the_imaging_library_are_found() -> None:
    found = {path.name.split(".so")[0] for path in system.libraries()}
    assert {"libjpeg", "libwebp", "libtiff", "libturbojpeg"} <= found
    packages = system.packages(system.libraries())
    if system._said("dpkg", "--version"):
        assert {"libwebp7", "libjpeg62-turbo"} <= set(packages)
        sources = {one.name for one in system.components(packages, "12")}
        assert {"libwebp", "tiff", "libjpeg-turbo"} <= sources
