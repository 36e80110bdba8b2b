"""`./ops/audit`: known vulnerabilities of everything an appliance is made of."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ops.commands import options

if TYPE_CHECKING:
    from ops.audits.components import Component, Difference
    from ops.audits.report import Report

CHECKOUT = Path(__file__).resolve().parents[2]

EPILOG = """\
Looked at are the Python packages, the modules inside storage server and edge, and (on Debian) the libraries of the
system that pictures are decoded with. What is installed and built is compared with what is pinned. Known faults come
from two places: a dated list that comes with this release, of the imaging library (a fork, whose faults are Pillow's)
and of the storage server, with what stands before each; and OSV (https://osv.dev), which is asked about names and
versions where this machine reaches it. Database, queue and ffmpeg are in neither: their versions are shown.

Exit codes: 0 nothing known is open; 1 something is; 2 nothing is, but OSV could not be asked, so that is what was known
on the day that is named.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    report = examined(given)
    from ops.audits import report as shown

    print(json.dumps(report.told(), indent=1) if given.json else shown.text(report))
    if not report.clean:
        return 1
    return 2 if report.not_asked and not given.offline else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("audit", "Lists known vulnerabilities of all parts.", EPILOG)
    made.add_argument("--offline", action="store_true", help="ask nobody; what this release knows will do")
    made.add_argument("--osv", metavar="URL", default="https://api.osv.dev", help="OSV's API, or a mirror of it")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def examined(given: argparse.Namespace) -> "Report":
    from ops.audits import components, osv, system
    from ops.audits.report import Report, rows

    found, differences = components.python(CHECKOUT / "uv.lock")
    programs, differing, unknown = _programs()
    packages = system.packages(system.libraries())
    release = _debian()
    everything = [*found, *programs, *(system.components(packages, release) if release else [])]
    known, reason = [], "OSV was not asked"
    if not given.offline:
        try:
            known, reason = osv.look_up(everything, given.osv), ""
        except osv.NotAsked as error:
            reason = f"OSV could not be asked: {error}"
    if not release:
        unknown.append("the system's libraries: this is not Debian")
    updates = system.updates(packages) if packages else []
    return Report(len(everything), rows(everything, known), [*differences, *differing], updates, unknown, reason)


def _programs() -> tuple[list["Component"], list["Difference"], list[str]]:
    """What is inside the programs made by Go, what of it is not as pinned, and versions of which nobody tells more."""
    from ops import locate
    from ops.audits import components
    from storage.server import build
    from storage.server import locate as server

    go, inside, differing, unknown = build.toolchain(), [], [], []
    binary = server.find(Path(os.environ.get("DARKROOM_CACHE") or server.default_cache()))
    if binary is None:
        unknown.append("the storage server, which is not built yet: ./ops/up builds it")
    else:
        inside = components.go_program(go, binary, "storage server")
        differing = components.not_as_required((server.SOURCE / "go.mod").read_text(), inside)
    inside += components.go_program(go, locate.caddy(), "edge")
    for program in (locate.installed_postgres(), locate.valkey()):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        unknown.append(said.splitlines()[0])
    unknown.append(_ffmpeg())
    return inside, differing, unknown


def _ffmpeg() -> str:
    import imageio_ffmpeg

    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-version"], capture_output=True, text=True, check=True)
    return " ".join(said.stdout.split()[:3])


def _debian() -> str:
    """The number of the Debian that this is; "" for another system."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return ""
    pairs = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    return pairs.get("VERSION_ID", "").strip('"') if pairs.get("ID") == "debian" else ""


if __name__ == "__main__":
    options.run(main, crashed=2)
