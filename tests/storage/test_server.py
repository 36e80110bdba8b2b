"""The server itself: found, built, started closed."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest
from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider

from storage.server import build, command, locate
from storage.setup import ensure
from tests.daemons import minio, valkey


def test_it_listens_on_loopback_alone_and_on_one_port(server: minio.Minio) -> None:
    found = psutil.Process(server.daemon.pid).net_connections("inet")
    listening = {(c.laddr.ip, c.laddr.port) for c in found if c.status == "LISTEN"}
    assert listening <= {("127.0.0.1", server.port), ("::1", server.port)}
    assert not [c for c in found if c.type == 2]


def test_it_has_no_console(server: minio.Minio) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{server.url}/minio/console", timeout=5)
    assert caught.value.code in (400, 403, 404)


def test_no_secret_is_in_its_command_line_and_it_says_whom_it_serves(server: minio.Minio) -> None:
    line = " ".join(psutil.Process(server.daemon.pid).cmdline())
    for secret in (minio.ROOT.secret, minio.WORKER.secret, valkey.PASSWORD):
        assert secret not in line
    assert all(str(drive) in line for drive in server.drives)


def test_it_reads_shards_when_its_scanner_takes_an_object_up(server: minio.Minio) -> None:
    root = StaticProvider(*minio.ROOT)
    admin = MinioAdmin(endpoint=f"127.0.0.1:{server.port}", credentials=root, secure=False, region="us-east-1")
    assert "MINIO_HEAL_BITROTSCAN=on" in admin.config_get("heal")


def test_nothing_is_written_beside_its_folders(server: minio.Minio) -> None:
    home = Path(server.daemon.env["HOME"])
    assert home == server.drives[0].parent / "certs"
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_setting_up_again_changes_nothing(server: minio.Minio) -> None:
    client = Minio(f"127.0.0.1:{server.port}", *minio.ROOT, secure=False, region="us-east-1")

    def state() -> list[object]:
        rules = client.get_bucket_notification("originals").queue_config_list
        buckets = [(bucket.name, bucket.creation_date) for bucket in client.list_buckets()]
        versioning = [client.get_bucket_versioning(name).status for name, _ in buckets]
        return [sorted(str(rule.queue) for rule in rules), buckets, versioning]

    before = state()
    ensure(server.url, *minio.ROOT, minio.UPLOADER, minio.READER, minio.WORKER)
    assert state() == before
    assert [name for name, _ in before[1]] == ["originals", "versions"]  # type: ignore[attr-defined]
    assert before[2] == ["Enabled", None]


def test_key_that_was_changed_is_good_after_the_next_setup(tmp_path: Path, queue: valkey.Valkey) -> None:
    own = minio.start(tmp_path, queue)
    try:
        changed = minio.Key(minio.READER.access, "another-secret-of-tests")
        ensure(own.url, *minio.ROOT, minio.UPLOADER, changed, minio.WORKER)
        own.objects(minio.ROOT).put("versions", "k", b"1", "text/plain")
        assert own.objects(changed).get("versions", "k") == b"1"
    finally:
        own.daemon.stop()


@pytest.mark.pure
def test_one_drive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one drive"):
        command.server(Path("/minio"), [tmp_path], 9000, "a", "b", tmp_path)


@pytest.mark.pure
def test_the_systems_disk_is_let_through_only_where_a_drive_is_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drives = [tmp_path / "1", tmp_path / "2"]
    for drive in drives:
        drive.mkdir()
    system, here = os.stat("/"), os.stat(tmp_path)
    env = command.server(Path("/minio"), drives, 9000, "a", "b", tmp_path).env
    assert ("MINIO_ROOTDRIVE_THRESHOLD_SIZE" in env) == (system.st_dev == here.st_dev)
    assert "MINIO_CI_CD" not in env
    # In memory, a file system of its own.
    own = command.server(Path("/minio"), [Path("/dev/shm"), Path("/dev/shm")], 9000, "a", "b", tmp_path).env
    assert "MINIO_ROOTDRIVE_THRESHOLD_SIZE" not in own


@pytest.fixture
def lonely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a server: an empty PATH and an empty cache."""
    monkeypatch.delenv("DARKROOM_MINIO", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.pure
def test_server_is_looked_for_where_the_operator_says_then_in_path_then_in_the_cache(
    lonely: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = lonely / "cache"
    assert locate.find(cache) is None
    built = program(locate.built(cache))
    assert locate.find(cache) == built
    silo = program(lonely / "bin/silo")
    assert locate.find(cache) == silo
    path = program(lonely / "bin/minio")
    assert locate.find(cache) == path
    chosen = program(lonely / "elsewhere/minio")
    monkeypatch.setenv("DARKROOM_MINIO", str(chosen))
    assert locate.find(cache) == chosen
    chosen.chmod(0o644)
    with pytest.raises(locate.BinaryUnusable, match="DARKROOM_MINIO"):
        locate.find(cache)


@pytest.mark.pure
def test_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert locate.default_cache() == tmp_path / "darkroom"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate.default_cache() == tmp_path / ".cache/darkroom"


@pytest.mark.pure
def test_build_has_another_name_when_a_dependency_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = locate.built(tmp_path)
    for name in ("go.mod", "go.sum"):
        shutil.copy(locate.SOURCE / name, tmp_path / name)
    monkeypatch.setattr(locate, "SOURCE", tmp_path)
    assert locate.built(tmp_path) == before
    with (tmp_path / "go.sum").open("a") as sums:
        sums.write("example.org/raised v1.0.0 h1:x\n")
    assert locate.built(tmp_path) != before


def test_build_that_is_there_is_not_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = program(locate.built(tmp_path))
    monkeypatch.setattr(build, "toolchain", lambda: pytest.fail("the toolchain was looked for"))
    assert build.build(tmp_path) == binary


def test_build_that_fails_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "building-left-by-one-that-was-killed").mkdir()
    lines: list[str] = []
    with pytest.raises(build.BuildFailed, match=r"(?s)DARKROOM_MINIO.*module lookup disabled"):
        build.build(tmp_path, lines.append)
    assert any("module lookup disabled" in line for line in lines)
    assert locate.find(tmp_path) != locate.built(tmp_path)
    assert not list(tmp_path.glob("building-*"))


def test_cache_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(build.BuildFailed, match=re.escape(str(tmp_path / "file"))):
        build.build(tmp_path / "file" / "cache")


def test_second_builder_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, done, said = Event(), Event(), list[str]()
    calls = []

    def slow(cache: Path, binary: Path, progress: build.Progress) -> None:
        calls.append(binary)
        began.set()
        done.wait(10)
        program(binary)

    monkeypatch.setattr(build, "_build", slow)
    first = Thread(target=build.build, args=(tmp_path,))
    first.start()
    began.wait(10)

    def waiting(line: str) -> None:
        said.append(line)
        done.set()

    second = build.build(tmp_path, waiting)
    first.join()
    assert calls == [second]
    assert said == ["another build is under way, waiting for it"]


@pytest.mark.long
def test_server_is_built_from_nothing_and_reports_the_pinned_commit(tmp_path: Path) -> None:
    lines: list[str] = []
    binary = build.build(tmp_path, lines.append)
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    assert locate.COMMIT in said
    assert "2026-02-12" in said
    assert len(lines) > 1000
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [binary.parent.name]
