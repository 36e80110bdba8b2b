"""The plug-in that README.md shows, installed as a package: taken, developed in the sandbox, held to its profile."""

import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from processors.sandbox.command import CHECKOUT

README = (Path(CHECKOUT) / "processors" / "README.md").read_text()
PICTURE = b"P6\n300 200\n255\n" + bytes([200, 100, 50]) * 60_000
PROGRAM = """
import asyncio, json, sys
from dataclasses import replace
from pathlib import Path
from processors.profiles import suggested, taken
from processors.refusals import Refused
from processors.sandbox.sandbox import Sandbox
from processors.sandbox.layers import Layer
from processors.sandbox.probe import probe

async def main():
    # What lies beside the interpreter's own folder is out of sight of the others, where this environment borrows from.
    doors = await probe()
    doors = replace(doors, weak=True, layers=doors.layers & {Layer.FILTER, Layer.LANDLOCK})
    async with Sandbox(protection=doors) as sandbox:
        made = await sandbox.develop(Path(sys.argv[1]).read_bytes(), 30, processor=None)
        try:
            await sandbox.develop(b"P6\\n9 9\\n255\\n", 30, processor=None)
        except Refused as refused:
            code = refused.code
    sizes = {version.name: [version.width, version.height] for version in made.versions}
    print(json.dumps({"taken": taken(), "hint": suggested("a.PPM").name, "sizes": sizes, "code": code,
                      "type": made.source.content_type}))

asyncio.run(main())
"""


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def installed(folder: Path, code: str) -> Path:
    """The Python of an environment that has the package, besides all that this one has. A wheel of pure Python is
    installed by unpacking it (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
    """
    venv.create(folder / "venv", symlinks=True)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    [point] = re.findall(r"netpbm = \"(.*?)\"", block("toml"))
    wheel = folder / "darkroom_netpbm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("darkroom_netpbm.py", code)
        archive.writestr(
            "darkroom_netpbm-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: darkroom-netpbm\nVersion: 1.0\n"
        )
        archive.writestr("darkroom_netpbm-1.0.dist-info/entry_points.txt", f"[darkroom.processors]\nnetpbm = {point}\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    return folder / "venv" / "bin" / "python"


def ran(python: Path, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "-c", program, *arguments], env={"PYTHONPATH": CHECKOUT}, capture_output=True, text=True, timeout=120
    )


def test_the_one_of_the_readme_is_taken_and_developed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    python = installed(tmp_path, block("python"))
    (tmp_path / "a.ppm").write_bytes(PICTURE)
    done = ran(python, PROGRAM, str(tmp_path / "a.ppm"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "netpbm: ppm" in told["taken"]
    assert (told["hint"], told["type"], told["code"]) == ("netpbm", "image/x-portable-pixmap", "damaged")
    assert told["sizes"] == {"d2500": [300, 200], "big_1920": [300, 200], "big_thumb": [300, 200], "thumb": [150, 100]}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (('extensions=("ppm",)', 'extensions=("jpg",)'), "its extensions jpg are those of image already"),
        (('name="netpbm"', 'name="pdf"'), "there is a profile pdf already"),
        (('folder="images"', 'folder="secrets"'), "its folder is 'secrets'"),
        (('lane="images"', 'lane="media"'), "its profile needs processor=Processor.PLUGIN and lane='images'"),
        (("PLUGIN = Plugin(", "PLUGIN = dict("), "its entry point names no processors.plugin.Plugin"),
    ],
)
def test_one_that_can_not_be_says_why(tmp_path: Path, change: tuple[str, str], why: str) -> None:
    python = installed(tmp_path, block("python").replace(*change))
    done = ran(python, "import processors.profiles")
    assert done.returncode == 1
    assert f"The plug-in netpbm (darkroom_netpbm:PLUGIN) can't be used: {why}" in done.stderr.splitlines()[-1]
