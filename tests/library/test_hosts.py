"""Several hosts, each with a library of its own: each works on what it has mounted, and waits for no other."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from appliance.library.catalogue import Catalogue
from appliance.library.jobs import of_others
from appliance.library.mounted import Broken
from appliance.library.standing import standings
from tests.appliance.client import wait_for
from tests.ledger.book import Book
from tests.ledger.libraries import mounted, wanted
from tests.library.house import TARGET, WORKER, House
from tests.processors.clips import clip

FILMS = 6
ALL = 2 * FILMS
FILM = ("-c:v", "mpeg4", "-b:v", "6M")
PATTERN = "testsrc2=size=320x180:rate=25:duration=1"


class Host:
    """Another host of the appliance, as its ledger and its queue see it: a worker with a folder of workflows."""

    def __init__(self, house: House, name: str) -> None:
        self.house, self.name = house, name
        self.workflows, self.films = house.stack.folder / f"{name}-workflows", house.stack.folder / name
        for folder in (self.workflows, self.films):
            folder.mkdir()
            house.own(folder)
        self._worker: subprocess.Popen[bytes] | None = None

    def put(self, data: bytes) -> None:
        for number in range(FILMS):
            self.house.put(f"../{self.name}/{number}.avi", data)

    def mount(self, name: str = "films.json", text: str = "") -> Path:
        """A workflow for its folder, or what stands in `text`."""
        made = {
            "name": self.name,
            "source": {"folder": str(self.films)},
            "target": TARGET,
            "replace": {"allowed": True},
            "verify": {"least_vmaf": 0},
            "limits": {"least_free": "1M", "cores": 1},
            # The library of the other one has its share of the machine in this test.
            "courtesy": {"uploads": False, "healing": False},
        }
        path = self.workflows / name
        path.write_text(text or json.dumps(made))
        self.house.own(path)
        return path

    def start(self) -> None:
        """As the appliance's own worker is started, but for what makes it another host's."""
        running = Path("/proc") / str(self.house.stack.recorded()[WORKER]["pid"])
        command = [os.fsdecode(word) for word in (running / "cmdline").read_bytes().split(b"\0")[:-1]]
        lines = (running / "environ").read_bytes().split(b"\0")
        env = {os.fsdecode(n): os.fsdecode(v) for n, _, v in (line.partition(b"=") for line in lines if line)}
        facts = running.stat()
        self._worker = subprocess.Popen(
            command,
            cwd=os.readlink(running / "cwd"),
            env={**env, "DARKROOM_HOST": self.name, "DARKROOM_LIBRARY": str(self.workflows)},
            stdout=(self.house.stack.folder / f"{self.name}.log").open("wb"),
            stderr=subprocess.STDOUT,
            user=facts.st_uid,
            group=facts.st_gid,
            extra_groups=[],
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._worker is not None:
            self._worker.send_signal(number)
            self._worker.wait(30)


async def named() -> list[tuple[str, str, str | None]]:
    """Host, name and problem of all that libraries are known of."""
    return sorted((one.host, one.name, one.problem) for one in await standings())


async def test_what_a_host_says_of_its_files_takes_nothing_back_that_another_said(book: Book) -> None:
    here, there = Catalogue(book.ledger, "here"), Catalogue(book.ledger, "there")
    await here.broken([Broken("films.json", "no JSON"), Broken("more.json", "no name")])
    await there.broken([Broken("films.json", "no folder")])
    await there.broken([Broken("films.json", "no folder at all")])
    assert await named() == [
        ("here", "films.json", "no JSON"),
        ("here", "more.json", "no name"),
        ("there", "films.json", "no folder at all"),
    ]
    await here.broken([])
    assert await named() == [("there", "films.json", "no folder at all")]


async def test_a_library_that_is_called_as_a_file_that_is_none_is_beside_it(book: Book) -> None:
    there = Catalogue(book.ledger, "there")
    await there.broken([Broken("films.json", "no JSON")])
    library = await mounted(book, "films.json", "here")
    assert await named() == [("here", "films.json", None), ("there", "films.json", "no JSON")]
    moved = await mounted(book, "films.json", "there")
    await there.broken([])
    assert (await named(), moved.id) == ([("there", "films.json", None)], library.id)


async def test_files_are_left_to_whoever_has_mounted_their_library(book: Book) -> None:
    mine, theirs = await mounted(book, "Mine", "here"), await mounted(book, "Theirs", "there")
    [one], [other] = await wanted(book, mine, 1), await wanted(book, theirs, 1)
    unknown = await book.uploaded()  # somebody has to end it
    assert await of_others([one, other, unknown], [mine.id]) == {other}
    assert await of_others([one, other, unknown], []) == {one, other}


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[House, Host, Host]]:
    """The appliance's own worker has no library; the others have one each."""
    house = House(DARKROOM_SWEEP_SECONDS="1", DARKROOM_LIBRARY_LOOK_SECONDS="1")
    here, there = Host(house, "here"), Host(house, "there")
    yield house, here, there
    for one in (here, there):
        one.end()
    house.close()


def done(house: House, *hosts: Host) -> int:
    return sum(len(house.results(host.name)) for host in hosts)


def pauses(house: House, host: Host) -> float:
    """Seconds between the end of a film and the beginning of the next one, all together."""
    assets = {one["asset"] for one in house.results(host.name).values()}
    told = [event for event in house.events() if event["file_id"] in assets and event["type"] == "state"]
    at = {
        state: [datetime.fromisoformat(event["at"]) for event in told if event["state"] == state]
        for state in ("processing", "done")
    }
    both = zip(at["done"], at["processing"][1:], strict=False)
    return sum((begun - ended).total_seconds() for ended, begun in both)


@pytest.mark.long
@pytest.mark.root
def test_each_works_on_its_own_without_a_pause(hosts: tuple[House, Host, Host]) -> None:
    house, here, there = hosts
    film = clip(*FILM, pattern=PATTERN, suffix="avi")
    for host in (here, there):
        host.put(film)
        host.mount()
        host.start()
    wait_for(lambda: sum(len(house.results(host.name)) for host in hosts[1:] if house.standing(host.name)) == ALL, 250)
    for host in (here, there):
        assert {one["outcome"] for one in house.results(host.name).values()} == {"replaced"}
        assert house.standing(host.name)["host"] == host.name
        assert pauses(house, host) < 0.5 * (FILMS - 1), "a worker that had not mounted it has dropped it"


@pytest.mark.long
@pytest.mark.root
def test_a_file_that_is_no_workflow_is_told_of_each_host_that_has_it(hosts: tuple[House, Host, Host]) -> None:
    house, here, there = hosts
    paths = [host.mount("broken.json", "{}") for host in (here, there)]

    def told() -> list[str]:
        return sorted(one["host"] for one in house.get("/library/")["libraries"] if one["name"] == "broken.json")

    wait_for(lambda: told() == ["here", "there"], 30)
    paths[0].unlink()
    wait_for(lambda: told() == ["there"], 30)
    assert (
        "broken.json  (nowhere) on there\n    its file is no workflow: " in house.stack.verb("library", "status").stdout
    )
    paths[1].unlink()
    wait_for(lambda: told() == [], 30)


@pytest.mark.long
@pytest.mark.root
def test_what_a_host_was_at_when_it_died_waits_for_it(hosts: tuple[House, Host, Host]) -> None:
    """Others see it, and have no such folder."""
    house, here, _ = hosts
    long = PATTERN.replace("duration=1", "duration=20")
    house.put(f"../{here.name}/long.avi", clip(*FILM, pattern=long, suffix="avi"))
    house.post(f"/library/{house.standing(here.name)['id']}/scan")
    wait_for(lambda: house.standing(here.name)["ahead"]["under_way"] == 1, 60)
    here.end(signal.SIGKILL)
    time.sleep(6)  # its lease of 3 s runs out, and the sweep offers it again
    here.start()
    wait_for(lambda: "long.avi" in house.results(here.name), 120)
    asset = house.results(here.name)["long.avi"]["asset"]
    told = [one["state"] for one in house.events() if one["file_id"] == asset and one["type"] == "state"]
    assert told == ["uploaded", "processing", "done"]
