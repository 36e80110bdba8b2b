"""`./ops/host`: what `./ops/cluster render` wrote for a host is put in place there, looked at, and taken away."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from ops.commands import options
from ops.setup.say import say

EPILOG = """\
Run it on the host, from a checkout of the release that the inventory was rendered with, as root. FOLDER is the host's
own, copied there. install may be repeated: after each rendering, and after whatever was changed by hand. It starts
nothing by itself: systemctl start darkroom.target does, and every start of the machine.

--root DIR is for the image of a host, which is not running. (With a running systemd it was not tried by the tests.)

Exit codes: 0 done, or all is as it should be; 1 it is not, and why; 2 wrong usage.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    if os.geteuid() != 0:
        say("darkroom: this needs root\n  → sudo ./ops/host …")
        return 1
    from ops.clusters.install import NotInstalled
    from ops.clusters.manifest import NotRendered
    from ops.disks.system import ToolFailed

    try:
        return {"install": install, "check": check, "uninstall": uninstall}[given.action](given)
    except (NotInstalled, NotRendered, ToolFailed, OSError) as error:
        say(f"darkroom: {error}")
        return 1


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("host", "One host of an appliance that has several.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="{install,check,uninstall}")
    texts = {
        "install": "put the account, code, settings, certificates and units in place",
        "check": "compare files, binary, mounts and units with what was rendered",
        "uninstall": "take all that away; what is stored stays",
    }
    for name, text in texts.items():
        action = actions.add_parser(name, help=text, description=text.capitalize() + ".", allow_abbrev=False)
        action.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it
        action.add_argument(
            "--root", type=_folder, default=Path("/"), metavar="DIR", help="an image instead of this host"
        )
        if name == "install":
            action.add_argument(
                "folder", type=_folder, metavar="FOLDER", help="the host's, as ./ops/cluster render wrote it"
            )
        if name == "check":
            action.add_argument("--json", action="store_true", help="the same for a script")
        if name == "uninstall":
            action.add_argument("--yes", action="store_true", help="do it")
    return made.parse_args(arguments)


def _folder(text: str) -> Path:
    path = Path(text).absolute()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


def install(given: argparse.Namespace) -> int:
    from ops.clusters import install as work
    from ops.clusters import manifest as manifests

    manifest = manifests.of_folder(given.folder)
    job = work.Job(given.folder, manifest, given.root, Path(os.environ["DARKROOM_CACHE"]))
    for name, step in work.steps(job):
        say(f"{name} …")
        step(say)
    say(f"The host {manifest.host} is installed, with {', '.join(manifest.parts)}.")
    say("Start it: systemctl daemon-reload && systemctl start darkroom.target" if given.root == work.HOST else "")
    return 0


def check(given: argparse.Namespace) -> int:
    from ops.clusters import check as work
    from ops.clusters.install import installed

    manifest = installed(given.root)
    found = work.find(manifest, given.root)
    wrong = [finding for finding in found if finding.wrong]
    if given.json:
        told = {"host": manifest.host, "alike": manifest.alike, "findings": [asdict(finding) for finding in found]}
        print(json.dumps(told, indent=1))
    else:
        print(f"host {manifest.host}" + (f", storage settings {manifest.alike[:12]}" if manifest.alike else ""))
        print("\n".join(f"! {one.wrong}\n  → {one.remedy}" if one.wrong else f"  {one.what}" for one in found))
    return 1 if wrong else 0


def uninstall(given: argparse.Namespace) -> int:
    from ops.clusters import uninstall as work
    from ops.clusters.install import installed

    manifest = installed(given.root)
    if not given.yes:
        kept = " and ".join(str(path) for path in work.KEPT)
        say(f"Would take Darkroom off the host {manifest.host}; {kept} stay. --yes does it.")
        return 1
    for name, step in work.steps(manifest, given.root):
        say(f"{name} …")
        step()
    return 0


if __name__ == "__main__":
    options.run(main, crashed=1)
