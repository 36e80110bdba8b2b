"""Plug-ins of libraries: the template, installed as a package, finds, decides and encodes; bad ones are refused."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import msgspec
import pytest

from appliance.ledger.database import fetch
from appliance.ledger.service import Claim
from appliance.library.deciding import decide, ordered_by
from appliance.library.finders import Broken, find
from appliance.library.folders import FolderKeeping
from appliance.library.jobs import Job
from appliance.library.making import Making
from appliance.library.outcomes import Found, Looked, PassedOver, Skip, Transcode, Why
from appliance.library.scanning import Scanning
from appliance.library.workflow import Unfit, Workflow, read, schema
from processors.sandbox.probe import probe as probe_layers
from processors.video.keeping.looking import take_inventory
from processors.video.keeping.order import Order
from tests.ledger.book import Book
from tests.library.films import OLD
from tests.library.installing import TEMPLATE, Packages, installed
from tests.library.test_deciding import HOUR, holding
from tests.library.test_scanning import House, queued
from tests.processors.clips import clip
from tests.stack import CHECKOUT, environment

LISTED = {"finder": "listed"}
SPARING = {"deciders": [{"name": "sparing", "settings": {"unless": ["holiday"]}}]}
PATIENT = {"encoder": {"name": "patient", "settings": {"preset": "medium", "quality": 31}}}
FILM = Found("/srv/films/a.mkv", HOUR.size, round(OLD * 1e9))


def text(folder: str = "/srv/films", **parts: Any) -> bytes:
    """A workflow with more in its source, rules and target."""
    source = {"folder": folder} | parts.pop("source", {})
    target = {"codec": "h265", "bit_rates": {"2160": "400k"}} | parts.pop("target", {})
    return json.dumps({"name": "Films", "source": source, "target": target, **parts}).encode()


def decided(workflow: Workflow, path: str = FILM.path) -> Transcode | Skip:
    return decide(Looked(HOUR, holding(()), FILM._replace(path=path)), workflow)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    made = Packages(tmp_path / "packages", monkeypatch)
    yield made
    monkeypatch.undo()
    made.forget()


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Two that are listed, one of which is excepted, one that is not, and one outside."""
    top = tmp_path / "films"
    (top / "holiday").mkdir(parents=True)
    data = clip("-c:v", "mpeg4", "-b:v", "3M", suffix="matroska")
    for name in ("a.mkv", "holiday/b.mkv", "other.mkv", "../outside.mkv"):
        (top / name).write_bytes(data)
        os.utime(top / name, (OLD, OLD))
    (top / "films.txt").write_text("a.mkv\n\nholiday/b.mkv\nholiday/../a.mkv\n../outside.mkv\ngone.mkv\n")
    return top


def test_its_own_test_passes(tmp_path: Path) -> None:
    target = installed(tmp_path / "packages")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TEMPLATE), f"--rootdir={target}"]
    paths = os.pathsep.join((str(CHECKOUT), str(target)))
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def ops(target: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    paths = {"PYTHONPATH": os.pathsep.join((str(CHECKOUT), str(target)))}
    command = [sys.executable, "-m", "ops.commands.library", *words]
    return subprocess.run(command, env=environment() | paths, capture_output=True, text=True, timeout=120)


def test_a_plan_is_made_with_it(tmp_path: Path, films: Path) -> None:
    (tmp_path / "films.json").write_bytes(text(str(films), source=LISTED, rules=SPARING, target=PATIENT))
    done = ops(installed(tmp_path / "packages"), "plan", str(tmp_path / "films.json"), "--json")
    assert done.returncode == 3, done.stderr  # one of the list is not there
    told = json.loads(done.stdout)
    assert {one["path"] for one in told["transcode"]} == {str(films / "a.mkv")}
    assert "sparing: 50% of the bit rate" in told["transcode"][0]["reason"]
    assert told["transcode"][0]["after_bytes"] == pytest.approx(200_000 / 8 * 3, rel=0.02)
    assert {Path(one["path"]).name: one["why"] for one in told["skip"]} == {
        "b.mkv": "plugin",
        "outside.mkv": "elsewhere",
    }
    assert [one["reason"] for one in told["not_read"]] == ["it has vanished"]


def test_without_it_the_plan_says_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "films.json").write_bytes(text(rules=SPARING))
    none = ops(tmp_path / "nothing", "plan", str(tmp_path / "films.json"))
    assert none.returncode == 2
    assert "rules.deciders[0].name: no decider 'sparing' is installed; none is" in none.stderr


async def test_the_bench_encodes_with_it_and_what_it_made_is_verified(packages: Packages, films: Path) -> None:
    packages.install()
    workflow = read(text(str(films), target=PATIENT, verify={"least_vmaf": 20}, limits={"least_free": "1M"}))
    facts = (films / "a.mkv").stat()
    there = Found("", facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)
    claim = Claim(
        id=uuid4(), lease=uuid4(), **{name: None for name in Claim.__struct_fields__ if name not in ("id", "lease")}
    )
    job = Job(claim, 1, workflow, b"a.mkv", there.size, there.version, {})
    with ExitStack() as stack:
        making = Making(job, FolderKeeping(workflow), await probe_layers(), lambda _: None, stack)
        opened, looked = await making.look()
        order = await making.order(looked)
        scratch = await making.room(looked.facts.size)
        made = await making.make(opened, looked, order, scratch)
        verdict = await making.verify(opened, looked, order, scratch)
        after = await take_inventory(scratch.descriptor, making.protection)
        data = os.pread(scratch.descriptor, made.size, 0)
        making.over()
    assert verdict.ok
    assert (after.streams[0].codec, made.size < facts.st_size) == ("hevc", True)
    # What x265 writes of itself into the first picture.
    assert all(word in data for word in (b"aq-mode=3", b"crf=31.0", b"rd=3", b"x265 (build"))


def test_found_files_lie_below_the_folder_and_are_what_they_are(packages: Packages, films: Path) -> None:
    packages.install()
    (films / "holiday/link.mkv").symlink_to("../a.mkv")
    (films / "round").symlink_to("holiday")
    (films / "out").symlink_to("..")
    (films / ".darkroom").mkdir()
    (films / ".darkroom/kept.mkv").write_bytes(b"x")
    names = ("round/b.mkv", "out/outside.mkv", "holiday/link.mkv", ".darkroom/kept.mkv", "holiday", "/etc/passwd", ".")
    (films / "films.txt").write_text("\n".join(names))
    told = list(find(read(text(str(films), source=LISTED)).source))
    facts = (films / "holiday/b.mkv").stat()
    assert told[0] == Found(str(films / "holiday/b.mkv"), facts.st_size, facts.st_mtime_ns, 1, facts.st_ino)
    passed = [one.skip.why for one in told[1:] if isinstance(one, PassedOver)]
    assert passed == [*[Why.ELSEWHERE], Why.LINK, Why.ELSEWHERE, Why.SPECIAL, Why.ELSEWHERE, Why.ELSEWHERE]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("if name :=", "raise KeyError(settings.list)\n            if name :="), "failed: KeyError: 'films.txt'"),
        (
            ("yield Found(os.path.join(source.folder, os.fsdecode(name)), 0, 0)", "yield name"),
            "failed: TypeError: it gives",
        ),
    ],
)
def test_a_finder_that_fails_says_so_last(packages: Packages, films: Path, change: tuple[str, str], said: str) -> None:
    packages.install(change)
    last = list(find(read(text(str(films), source=LISTED)).source))[-1]
    assert isinstance(last, Broken)
    assert said in last.reason


def test_a_decider_may_change_the_wish_or_leave_the_file(packages: Packages) -> None:
    packages.install(("Change(bit_rate", "Change(codec=Codec.AV1, most_lines=540, bit_rate"))
    workflow = read(text(rules=SPARING))
    other = decided(workflow)
    assert isinstance(other, Transcode)
    assert (other.codec, other.width, other.height, other.after) == ("av1", 960, 540, 200_000 // 8 * 3600)
    left = decided(workflow, "/srv/films/holiday/a.mkv")
    assert left == Skip(Why.PLUGIN, "sparing: there is 'holiday' in its path")
    already = msgspec.structs.replace(HOUR, codec="av1")
    same = decide(Looked(already, holding((), already), FILM), workflow)
    assert same == Skip(Why.CODEC, "it is av1 already")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("    named = next(", "    raise ValueError('no\\0 idea')\n    named = next("), "failed: ValueError: no idea"),
        (("return Change(bit_rate=round(", "return Change(bit_rate=-round("), "failed: ValidationError: "),
        (("return Change(", "return dict("), "failed: TypeError: it says {"),
    ],
)
def test_a_decider_that_fails_keeps_the_file_and_says_why(
    packages: Packages, change: tuple[str, str], said: str
) -> None:
    packages.install(change)
    skip = decided(read(text(rules=SPARING)))
    assert isinstance(skip, Skip)
    assert (skip.why, skip.reason.startswith("the decider sparing " + said)) == (Why.PLUGIN, True), skip


async def test_a_look_goes_on_where_a_plug_in_fails(packages: Packages, films: Path, book: Book) -> None:
    packages.install(("    named = next(", "    assert 'other' not in looked.found.path\n    named = next("))
    house = House(book, Scanning(book.ledger, await probe_layers()))
    counts = await house.scan(read(text(str(films), rules=SPARING)))
    assert (counts.wanted, counts.skips[Why.PLUGIN]) == (1, 2)
    rows = await fetch("SELECT path, reason FROM ledger.library_files WHERE why = 'plugin' ORDER BY path")
    told = {row["path"].decode(): row["reason"] for row in rows}
    assert told["holiday/b.mkv"] == "sparing: there is 'holiday' in its path"
    assert told["other.mkv"].startswith("the decider sparing failed: AssertionError")
    assert await queued() == ["a.mkv"]


async def test_nothing_is_forgotten_by_a_look_that_a_finder_breaks_off(
    packages: Packages, films: Path, book: Book
) -> None:
    packages.install()
    house = House(book, Scanning(book.ledger, await probe_layers()))
    listed = read(text(str(films), source=LISTED))
    assert (await house.scan(listed)).wanted == 2  # one of them is in the list twice
    packages.install(("if name :=", "raise KeyError(settings.list)\n            if name :="))
    assert (await house.scan(listed)).wanted == 0
    last = await fetch("SELECT problem FROM ledger.library_scans ORDER BY id DESC LIMIT 1")
    assert last[0]["problem"] == "the finder listed failed: KeyError: 'films.txt'"
    assert len(await fetch("SELECT FROM ledger.library_files")) == 2


def test_an_encoder_says_the_words_of_an_order(packages: Packages) -> None:
    packages.install()
    order = ordered_by(Looked(HOUR, holding(()), FILM), read(text(target=PATIENT)))
    assert isinstance(order, Order)
    assert order.words[:6] == ("-c:v", "libx265", "-preset", "medium", "-crf", "31")
    packages.install(('"aq-mode=3"', '"csv=made"'))
    skip = decided(read(text(target=PATIENT)))
    assert isinstance(skip, Skip)
    assert "the encoder patient says what it may not: 'csv' is none of the parameters of libx265" in skip.reason
    packages.install(("    held = (", "    held = 1 / 0, ("))
    skip = decided(read(text(target=PATIENT)))
    assert skip == Skip(Why.PLUGIN, "the encoder patient failed: ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"source": {"finder": "lists"}}, "source.finder: no finder 'lists' is installed; there are listed"),
        ({"source": {**LISTED, "settings": {"list": "a/b"}}}, "source.settings.list: Expected `str` matching"),
        ({"source": {"settings": {"list": "a"}}}, "source: settings: they are a finder's, and none is named"),
        (
            {"rules": {"deciders": [{"name": "sparing", "settings": {"shares": 1}}]}},
            "rules.deciders[0].settings: Object",
        ),
        (
            {"rules": {"deciders": [{"name": "sparing", "settings": {"share": 2}}]}},
            "rules.deciders[0].settings.share: ",
        ),
        (
            {"target": {"encoder": {"name": "slow"}}},
            "target.encoder.name: no encoder 'slow' is installed; there are patient",
        ),
        ({"target": {**PATIENT, "codec": "av1"}}, "target.encoder.name: the encoder 'patient' makes h265, not av1"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(packages: Packages, parts: dict[str, Any], said: str) -> None:
    packages.install()
    with pytest.raises(Unfit) as caught:
        read(text(**parts))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "part", "why"),
    [
        (("FINDER = Finder(", "FINDER = dict("), LISTED, "listed (darkroom_template:FINDER) can't be used: TypeError"),
        (("FINDER = Finder(", "FINDER = ("), LISTED, "names no appliance.library.plugins.Finder"),
        (('Finder("listed"', 'Finder("Listed films"'), LISTED, "its name is 'Listed films', where small letters"),
        (("class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True)", "class Listed(msgspec.Struct)"),
         LISTED, "its settings need a msgspec.Struct with forbid_unknown_fields=True"),
        (("Listed, find)", "Listed, None)"), LISTED, "its find can't be called"),
        (("import os\n", "import os\nimport missing_module\n"), LISTED, "ModuleNotFoundError: No module named"),
    ],
)  # fmt: skip
def test_one_that_can_not_be_says_why(
    packages: Packages, change: tuple[str, str], part: dict[str, str], why: str
) -> None:
    packages.install(change)
    with pytest.raises(Unfit) as caught:
        read(text(source=part))
    assert why in str(caught.value)
    assert read(text()).name == "Films"  # who names none is not harmed


def test_other_settings_and_another_version_decide_anew(packages: Packages) -> None:
    packages.install()
    plain, spared = read(text()), read(text(rules=SPARING, target=PATIENT))
    less = read(text(rules={"deciders": [{"name": "sparing", "settings": {"share": 0.4}}]}, target=PATIENT))
    first = spared.hash()
    assert len({plain.hash(), first, less.hash()}) == 3
    assert read(text(source=LISTED)).hash() == plain.hash()  # which decides nothing about a file
    packages.install(version="1.1")
    assert read(text(rules=SPARING, target=PATIENT)).hash() != first
    assert read(text()).hash() == plain.hash()


def test_settings_that_were_stored_meanwhile_are_the_same(packages: Packages) -> None:
    """The ledger's JSON has keys in an order of its own, and numbers without what says that they are no integers."""
    packages.install()
    given = {"deciders": [{"name": "sparing", "settings": {"unless": ["a"], "share": 1.0}}]}
    stored = {"deciders": [{"settings": {"share": 1, "unless": ["a"]}, "name": "sparing"}]}
    assert read(text(rules=given)).hash() == read(text(rules=stored)).hash()


def test_what_was_decided_before_there_were_any_is_not_decided_anew() -> None:
    """The hash of a version without plug-ins."""
    for rates in ({"720": "1.5M", "2160": "8M"}, {"2160": "8M", "720": "1.5M"}):
        target = {"codec": "h265", "bit_rates": rates}
        assert read(text(target=target, rules={"accept": ["data"]})).hash() == "2fbe0e4efe1e6fb2"


def test_the_schema_knows_them(packages: Packages) -> None:
    packages.install()
    check = jsonschema_rs.validator_for(schema())
    good = text(source={**LISTED, "settings": {"list": "a.txt"}}, rules=SPARING, target=PATIENT)
    assert check.is_valid(json.loads(good))
    for part in (
        {"source": {"finder": "lists"}},
        {"source": {**LISTED, "settings": {"lists": "a.txt"}}},
        {"rules": {"deciders": [{"name": "spare"}]}},
        {"rules": {"deciders": [{"name": "sparing", "settings": {"share": 2}}]}},
        {"target": {"encoder": {"name": "patient", "settings": {"preset": "placebo"}}}},
    ):
        assert not check.is_valid(json.loads(text(**part))), part
