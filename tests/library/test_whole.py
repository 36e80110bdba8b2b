"""A library from end to end on a running appliance: found, made anew, verified, replaced, told, brought back."""

import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.appliance.client import wait_for
from tests.library.house import WORKER, House, kept, sha256
from tests.processors.clips import FAST, TONE, claiming, clip

MPEG4 = ("-c:v", "mpeg4", "-b:v", "6M")
WORTH = ("one.mkv", "series/two.avi")
PATTERN = "testsrc2=size=480x270:rate=25:duration=3"


@pytest.fixture(scope="module")
def before(house: House) -> dict[str, str]:
    """The library's files by their SHA-256, before anything is done with them."""
    house.put("one.mkv", clip(*TONE, *MPEG4, pattern=PATTERN, suffix="matroska"))
    house.put("series/two.avi", clip(*MPEG4, pattern=PATTERN, suffix="avi"))
    house.put("small.mkv", clip(*MPEG4, "-b:v", "80k", pattern=PATTERN, suffix="matroska"))
    house.put("already.mp4", clip(*FAST, pattern=PATTERN))
    os.chmod(house.films / "one.mkv", 0o640)
    return {str(path.relative_to(house.films)): sha256(path) for path in house.films.rglob("*.*") if path.is_file()}


def test_what_is_worth_it_takes_less_room_and_everything_else_is_left(house: House, before: dict[str, str]) -> None:
    facts = (house.films / "one.mkv").stat()
    house.run()
    standing = house.until_idle()
    assert (standing["behind"]["replaced"], standing["ahead"]["failed"]) == (2, 0)
    results = house.results()
    assert {path: one["outcome"] for path, one in results.items()} == {
        "one.mkv": "replaced",
        "series/two.avi": "replaced",
    }
    one = results["one.mkv"]
    now = (house.films / "one.mkv").stat()
    assert (now.st_mtime_ns, now.st_mode, now.st_size) == (facts.st_mtime_ns, facts.st_mode, one["after_bytes"])
    assert one["after_bytes"] < one["before_bytes"] * 0.9
    assert one["vmaf"] > 20
    assert one["cpu_seconds"] > 0.1
    assert (one["before_codec"], one["after_codec"]) == ("mpeg4", "h264")
    assert not (house.films / "series/two.avi").exists()
    assert (house.films / "series/two.mkv").exists()
    assert {name: sha256(house.films / name) for name in ("small.mkv", "already.mp4")} == {
        name: before[name] for name in ("small.mkv", "already.mp4")
    }


def test_saved_is_only_what_is_gone(house: House, before: dict[str, str]) -> None:
    standing = house.until_idle()["behind"]
    assert standing["saved_bytes"] == 0
    assert standing["saved_later_bytes"] > 0
    assert standing["kept_bytes"] == sum(one["before_bytes"] for one in house.results().values())
    [pair] = house.get("/library/savings")["codecs"]
    assert (pair["before"], pair["after"], pair["files"], pair["saved_bytes"]) == ("mpeg4", "h264", 2, 0)


def test_each_step_is_in_the_log(house: House, before: dict[str, str]) -> None:
    house.until_idle()
    events = house.events()
    asset = house.results()["one.mkv"]["asset"]
    told = [event.get("step") or event["state"] for event in events if event["file_id"] == asset]
    assert told == ["uploaded", "processing", "transcoded", "verified", "done"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    last = next(event for event in reversed(events) if event["file_id"] == asset)
    assert (last["outcome"], last["filename"]) == ("replaced", "one.mkv")


def test_a_second_run_does_nothing(house: House, before: dict[str, str]) -> None:
    house.until_idle()
    files = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in house.films.rglob("*.*")}
    seen = house.standing()["scan"]["began_at"]
    assert house.post(f"/library/{house.standing()['id']}/scan").status_code == 200
    wait_for(lambda: house.standing()["scan"]["began_at"] > seen and house.idle(), 30)
    scan = house.standing()["scan"]
    assert (scan["probed"], scan["wanted"]) == (0, 0)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in house.films.rglob("*.*")} == files


def test_originals_come_back_bit_for_bit_and_stay(house: House, before: dict[str, str]) -> None:
    house.until_idle()
    done = house.stack.verb("library", "undo", "Films", "series")
    assert done.returncode == 0, done.stderr
    assert sha256(house.films / "series/two.avi") == before["series/two.avi"]
    assert not (house.films / "series/two.mkv").exists()
    assert sha256(house.films / "one.mkv") != before["one.mkv"]
    again = house.stack.verb("library", "undo", "Films", "series/two.avi")
    assert again.returncode == 1
    asset = house.results()["one.mkv"]["asset"]
    assert house.post(f"/library/results/{asset}/undo").status_code == 202
    wait_for(lambda: house.results()["one.mkv"]["undo"] == "done", 15)
    assert sha256(house.films / "one.mkv") == before["one.mkv"]
    assert house.post(f"/library/results/{asset}/undo").status_code == 409
    assert kept(house.films) == []
    house.post(f"/library/{house.standing()['id']}/scan")
    house.until_idle()
    assert house.standing()["ahead"]["waiting"] == 0
    assert sha256(house.films / "one.mkv") == before["one.mkv"]


@pytest.mark.parametrize(
    ("step", "number"),
    [
        pytest.param("processing", signal.SIGKILL, marks=pytest.mark.long),
        ("transcoded", signal.SIGKILL),
        pytest.param("verified", signal.SIGKILL, marks=pytest.mark.long),
        pytest.param("transcoded", signal.SIGTERM, marks=pytest.mark.long),
    ],
)
def test_a_worker_is_killed_at_a_step_and_one_file_is_whole(
    house: House, before: dict[str, str], step: str, number: signal.Signals
) -> None:
    house.run()
    house.until_idle()
    left = sorted(kept(house.films))
    path = house.put(f"killed-{step}-{number}.mkv", clip(*TONE, *MPEG4, pattern=PATTERN, suffix="matroska"))
    original = sha256(path)
    killed_at(house, path, step, number)
    wait_for(lambda: house.results().get(path.name), 120)
    assert house.results()[path.name]["outcome"] == "replaced"
    # What was made before is gone on with.
    assert told(house, path).count("transcoded") == 1
    assert sha256(path) != original
    assert house.stack.verb("library", "undo", "Films", path.name).returncode == 0
    assert sha256(path) == original
    assert sorted(kept(house.films)) == left


def told(house: House, path: Path) -> list[str]:
    """All that was told of a file."""
    return [event.get("step") or event["state"] for event in house.events() if event["filename"] == path.name]


def killed_at(house: House, path: Path, step: str, number: signal.Signals) -> None:
    """Ends the worker as soon as this is told of the file."""
    house.post(f"/library/{house.standing()['id']}/scan")
    wait_for(lambda: step in told(house, path), 120)
    house.stack.kill(WORKER, number)
    wait_for(lambda: house.stack.parts()[WORKER]["health"] == "ok", 60)


def test_two_files_are_under_way_at_once_where_that_is_set(house: House) -> None:
    folder = house.stack.folder / "both"
    folder.mkdir()
    house.own(folder)
    long = PATTERN.replace("duration=3", "duration=20")
    house.put("../both/long.avi", clip(*MPEG4, pattern=long, suffix="avi"))
    house.put("../both/short.avi", clip(*MPEG4, pattern=PATTERN, suffix="avi"))
    assert house.stack.verb("settings", "set", "backfill_at_once", "2").returncode == 0
    try:
        house.run("Both", source={"folder": str(folder)}, limits={"least_free": "1M", "cores": 1})
        wait_for(lambda: house.standing("Both")["ahead"]["under_way"] == 2, 60)
        wait_for(lambda: len(house.results("Both")) == 2, 120)
    finally:
        assert house.stack.verb("settings", "unset", "backfill_at_once").returncode == 0
    assert [one["outcome"] for one in house.results("Both").values()] == ["replaced", "replaced"]


def test_a_pause_holds_what_is_under_way_and_keeps_no_other_library_from_its_work(house: House) -> None:
    folders = {name: house.stack.folder / name for name in ("held", "free")}
    for name, folder in folders.items():
        folder.mkdir()
        house.own(folder)
        pattern = PATTERN.replace("duration=3", "duration=20") if name == "held" else PATTERN
        house.put(f"../{name}/{name}.avi", clip(*MPEG4, pattern=pattern, suffix="avi"))
    limits = {"least_free": "1M", "cores": 1}
    house.run("Held", source={"folder": str(folders["held"])}, limits=limits)
    wait_for(lambda: house.standing("Held").get("ahead", {}).get("under_way"), 60)
    assert house.stack.verb("library", "pause", "Held").returncode == 0
    wait_for(lambda: stopped(house))
    house.run("Free", source={"folder": str(folders["free"])}, limits=limits)
    wait_for(lambda: house.results("Free"), 60)
    assert stopped(house)
    assert house.standing("Held")["ahead"]["under_way"] == 1
    assert house.stack.verb("library", "resume", "Held").returncode == 0
    wait_for(lambda: house.results("Held"), 120)
    assert house.results("Held")["held.avi"]["outcome"] == "replaced"
    assert told(house, folders["held"] / "held.avi").count("processing") == 1


def stopped(house: House) -> bool:
    """Whether an encoder of the worker stands still."""
    below = psutil.Process(house.stack.parts()[WORKER]["pid"]).children(recursive=True)
    return any(_status(one) == psutil.STATUS_STOPPED for one in below)


def _status(process: psutil.Process) -> str:
    """Empty for one that has ended meanwhile."""
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return ""


def test_bytes_are_saved_once_the_original_is_gone(house: House) -> None:
    folder = house.stack.folder / "short"
    folder.mkdir()
    house.own(folder)
    film = house.put("../short/one.mkv", clip(*MPEG4, pattern=PATTERN, suffix="matroska"))
    house.run("Short", source={"folder": str(folder)}, replace={"allowed": True, "keep": "1s"})
    wait_for(lambda: "one.mkv" in house.results("Short"), 120)
    result = house.results("Short")["one.mkv"]
    assert result["undo"] == "possible"
    assert house.standing("Short")["behind"]["saved_bytes"] == 0
    time.sleep(1)
    house.kill()  # who begins anew looks after what is kept first
    wait_for(lambda: house.results("Short")["one.mkv"]["undo"] == "gone", 60)
    behind = house.standing("Short")["behind"]
    assert behind["saved_bytes"] == result["before_bytes"] - result["after_bytes"]
    assert (behind["saved_later_bytes"], kept(folder)) == (0, [])
    assert film.stat().st_size == result["after_bytes"]
    assert house.post(f"/library/results/{result['asset']}/undo").status_code == 409


def test_what_somebody_has_changed_is_kept_until_it_is_let_go_of(house: House) -> None:
    folder = house.stack.folder / "changed"
    folder.mkdir()
    house.own(folder)
    film = house.put(
        "../changed/one.mkv", clip(*MPEG4, pattern=PATTERN.replace("duration=3", "duration=1"), suffix="matroska")
    )
    house.run("Changed", source={"folder": str(folder)}, replace={"allowed": True, "keep": "1s"})
    wait_for(lambda: "one.mkv" in house.results("Changed"), 120)
    result = house.results("Changed")["one.mkv"]
    release = f"/library/results/{result['asset']}/release"
    assert house.post(release).status_code == 202
    wait_for(lambda: house.results("Changed")["one.mkv"]["release_problem"], 30)
    assert house.results("Changed")["one.mkv"]["undo"] == "possible"  # what took its place is whole
    film.write_bytes(b"somebody's own")
    house.kill()  # who begins anew looks after what is kept first
    wait_for(lambda: house.results("Changed")["one.mkv"]["undo"] == "held", 60)
    assert "1 original, " in house.stack.verb("library", "status").stdout
    told = house.stack.verb("library", "release", "Changed")
    assert (told.returncode, kept(folder) == []) == (0, False)
    assert "another one by now" in told.stdout
    done = house.stack.verb("library", "release", "Changed", str(film), "--yes")
    assert (done.returncode, done.stderr, kept(folder)) == (0, "", [])
    assert house.results("Changed")["one.mkv"]["undo"] == "gone"
    assert house.post(release).status_code == 409
    behind = house.standing("Changed")["behind"]
    assert (behind["held"], behind["saved_bytes"]) == (0, result["before_bytes"] - result["after_bytes"])
    steps = [event.get("step") for event in house.events() if event["file_id"] == result["asset"]]
    assert steps[-1] == "released"
    assert film.read_bytes() == b"somebody's own"


@pytest.mark.long
def test_a_library_by_another_name_gives_back_what_it_kept_by_its_first(house: House) -> None:
    folder = house.stack.folder / "named"
    folder.mkdir()
    house.own(folder)
    film = house.put("../named/one.mkv", clip(*MPEG4, pattern=PATTERN, suffix="matroska"))
    original = sha256(film)
    house.run("Named", source={"folder": str(folder)})
    wait_for(lambda: house.results("Named"), 120)
    given = next(path for path in (house.stack.data / "library").glob("*.json") if '"Named"' in path.read_text())
    given.write_text(given.read_text().replace('"Named"', '"Renamed"'))
    wait_for(lambda: house.standing("Renamed").get("mounted") and not house.standing("Named")["mounted"], 90)
    assert "no worker has its workflow any more" in house.stack.verb("library", "status").stdout
    done = house.stack.verb("library", "undo", "Named", "one.mkv")
    assert (done.returncode, done.stderr) == (0, "")
    assert (sha256(film), kept(folder)) == (original, [])
    house.post(f"/library/{house.standing('Renamed')['id']}/scan")
    wait_for(lambda: house.idle("Renamed"), 60)
    assert house.standing("Renamed")["scan"]["skips"] == {"undone": 1}


@pytest.mark.long
def test_a_plan_knows_how_long_the_work_may_take_now(house: House) -> None:
    folder = house.stack.folder / "endless"
    folder.mkdir()
    film = clip("-c:v", "mpeg4", "-b:v", "9M", pattern="testsrc2=size=1280x720:rate=30:duration=2", suffix="matroska")
    (folder / "long.mkv").write_bytes(claiming(film, 120))
    os.utime(folder / "long.mkv", (1, 1))
    given = house.stack.folder / "endless.json"
    target = {"codec": "h265", "bit_rates": {"2160": "100k"}}
    given.write_text(json.dumps({"name": "Endless", "source": {"folder": str(folder)}, "target": target}))
    assert house.stack.verb("settings", "set", "library_seconds", "60").returncode == 0
    try:
        done = house.stack.verb("library", "plan", str(given), "--json")
    finally:
        assert house.stack.verb("settings", "unset", "library_seconds").returncode == 0
    assert json.loads(done.stdout)["skips"] == {"too_long": 1}
