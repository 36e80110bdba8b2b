"""The template of plug-ins in the environment of a running appliance: its worker finds, decides and encodes by it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.client import wait_for
from tests.library.house import House, sha256
from tests.library.installing import checkout
from tests.processors.clips import clip

pytestmark = pytest.mark.long
MPEG4 = ("-c:v", "mpeg4", "-b:v", "3M")
WORKFLOW = {
    "rules": {"deciders": [{"name": "sparing", "settings": {"share": 0.25, "unless": ["holiday"]}}]},
    "target": {
        "codec": "h265",
        "bit_rates": {"2160": "1600k"},
        "encoder": {"name": "patient", "settings": {"preset": "medium", "quality": 31}},
    },
}
# One that hangs wherever somebody has said so.
HANGS = (
    ("import os\n", "import os\nimport time\n"),
    ("    named = next(", "    while 'hangs' in looked.found.path:\n        time.sleep(1)\n    named = next("),
    ("Sparing, decide)", "Sparing, decide, seconds=3)"),
)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One of its own, with what is installed in no other."""
    folder = Path(tempfile.mkdtemp(prefix="dk-plugins-"))
    folder.chmod(0o755)
    try:
        made = House(checkout(folder / "darkroom", *HANGS))
        yield made
        made.close()
    finally:
        shutil.rmtree(folder)


def test_its_worker_works_by_it_and_goes_on_where_it_hangs(house: House) -> None:
    film = clip(*MPEG4, suffix="matroska")
    one = house.put("one.mkv", film)
    left = {name: sha256(house.put(name, film)) for name in ("holiday/two.mkv", "not-listed.mkv")}
    house.put("films.txt", b"one.mkv\nholiday/two.mkv\n")
    house.run(source={"folder": str(house.films), "finder": "listed"}, **WORKFLOW)
    house.until_idle()
    [result] = house.results().values()
    assert (result["path"], result["outcome"], result["after_codec"]) == ("one.mkv", "replaced", "h265")
    assert "sparing: 25% of the bit rate" in result["reason"]
    assert b"crf=31.0" in one.read_bytes()  # as x265 writes of itself into the first picture
    assert {name: sha256(house.films / name) for name in left} == left
    scan = house.standing()["scan"]
    assert (scan["seen"], scan["wanted"], scan["skips"]) == (2, 1, {"plugin": 1})
    _hangs(house, film)


def _hangs(house: House, film: bytes) -> None:
    """That library is at fault, and says so; the worker lives, and does the next one."""
    house.put("../more/hangs.mkv", film)
    house.put("../plain/three.mkv", film)
    house.run("More", source={"folder": str(house.stack.folder / "more")}, **WORKFLOW)
    wait_for(lambda: (house.standing("More").get("waits") or "").startswith("the decider sparing hangs"), 60)
    house.run("Plain", source={"folder": str(house.stack.folder / "plain")})
    wait_for(lambda: len(house.results("Plain")) == 1, 120)
    assert house.results("Plain")["three.mkv"]["outcome"] == "replaced"
    [worker] = [one for one in house.get("/admin/workers")["workers"] if one["lane"] == "backfill"]
    assert worker["alive"]
    assert house.stack.parts()["worker-backfill-1"]["restarts"] == 0
