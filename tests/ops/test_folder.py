"""The data folder: its lock, its modes, what is recorded once and kept."""

import asyncio
import fcntl
import json
import os
import random
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ops import addresses, credentials, ports, running
from ops.clusters import operating
from ops.folder import DataFolder
from ops.logs import LIMIT, LONGEST_LINE, Log, tail
from ops.program import STARTED
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.make()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_lock_has_one_holder_and_ends_with_it(folder):
    program = (
        "import sys, pathlib; from ops.folder import DataFolder; f = DataFolder(pathlib.Path(sys.argv[1]));"
        "print(f.take(), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    assert folder.holder() is None
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "True\n"
        assert folder.holder() == other.pid
        assert folder.take() is False
        other.kill()
    assert folder.holder() is None
    assert folder.take() is True


def test_a_look_at_the_lock_stops_no_start(folder):
    """`status` has it for a moment; here for longer than any look takes."""
    handle = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    look = threading.Timer(0.06, os.close, [handle])
    look.start()
    assert folder.take() is True
    look.join()


def test_credentials_are_made_once_for_the_owner_alone(folder):
    first = credentials.load(folder, {})
    assert credentials.load(folder, {}) == first
    assert mode(folder.path / "secrets.json") == 0o600
    assert mode(folder.path) == 0o700
    secrets = [value.rpartition(":")[2] for value in first.__dict__.values()]
    assert len(set(secrets)) == len(secrets)
    assert min(map(len, secrets)) >= 32
    assert not [secret for secret in secrets if secret in repr(first)]


def test_a_secret_that_came_with_a_later_release_is_added(folder):
    first = credentials.load(folder, {})
    known = json.loads((folder.path / "secrets.json").read_text())
    del known["token"]
    folder.write("secrets.json", known)
    later = credentials.load(folder, {})
    assert later.database == first.database
    assert later.token != first.token


def test_rotating_replaces_the_storage_keys_alone_and_remembers_which_they_were(folder):
    names, seen = ("uploader", "reader", "worker"), [credentials.load(folder, {})]
    for _ in range(2):
        credentials.rotate(folder)
        seen.append(credentials.load(folder, {}))
    assert len({getattr(keys, name) for keys in seen for name in names}) == 9
    assert len({(keys.database, keys.token, keys.storage_root) for keys in seen}) == 1
    old = [getattr(keys, name).partition(":")[0] for keys in seen[:2] for name in names]
    assert credentials.replaced(folder) == old


def test_ports_are_kept_until_somebody_has_them(folder):
    first = ports.assign(folder, ["api", "valkey"])
    assert ports.assign(folder, ["api", "valkey"]) == first
    with socket.socket() as other:
        other.bind(("127.0.0.1", first["api"]))
        other.listen()
        second = ports.assign(folder, ["api", "valkey"])
    assert second["valkey"] == first["valkey"]
    assert second["api"] != first["api"]
    assert ports.recorded(folder, ["api"]) == {"api": second["api"]}


def test_what_is_tried_beside_the_parts_of_a_host_has_the_server_that_is_installed_there(folder, tmp_path):
    """A host may reach neither a toolchain nor the modules to build one from."""
    folder.make()
    folder.write(STARTED, {"alike": "", "server": "/bin/true"})
    assert operating.server(folder) is None
    folder.write("host.json", {"host": "a"})
    assert operating.server(folder) == "/bin/true"
    folder.write(STARTED, {"alike": "", "server": str(tmp_path / "gone")})
    assert operating.server(folder) is None


CLAIM = "import sys; from ops import ports; print(ports.claim(int(sys.argv[1])), flush=True); sys.stdin.read()"


def test_a_port_that_another_start_has_chosen_is_not_chosen_again_until_that_one_ends(folder):
    """Long before anything listens there."""
    port = ports.assign(folder, ["api"])["api"]

    def elsewhere(which):
        return subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(which)], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    with elsewhere(port) as other:
        assert other.stdout.readline() == b"False\n"
        other.stdin.close()
    # Not the lowest, which whatever else is started now may have claimed.
    candidates = random.sample(range(ports.LOWEST, ports.HIGHEST), 100)
    free = next(one for one in candidates if ports.free(one) and one != port)
    folder.write(ports.FILE, {"api": free})
    with elsewhere(free) as other:
        assert other.stdout.readline() == b"True\n"
        assert ports.assign(folder, ["api"])["api"] != free
        other.stdin.close()
    folder.write(ports.FILE, {"api": free})
    assert ports.assign(folder, ["api"])["api"] == free


def test_ports_are_none_that_outgoing_connections_get(folder):
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    chosen = ports.assign(folder, [f"part-{number}" for number in range(50)])
    assert len(set(chosen.values())) == 50
    assert max(chosen.values()) < lowest


def test_the_way_for_other_programs_is_closed_until_it_is_given_a_port_and_remembered(folder):
    before = addresses.load(folder)
    assert (before.s3_port, before.s3_public_urls) == (0, ())

    def given(**options):
        site = addresses.changed(addresses.load(folder), None, None, None, None, **options)
        addresses.record(folder, site)
        return addresses.load(folder)

    here = given(s3_port=9000)
    assert (here.s3_bind, here.s3_public_urls) == ("127.0.0.1", ("http://127.0.0.1:9000",))
    assert not here.certified
    named = given(s3_urls=["https://s3.lan:9443", "https://10.0.0.2:9443/"])
    assert (named.s3_bind, named.s3_port, named.bind, named.port) == ("0.0.0.0", 9443, "127.0.0.1", addresses.PORT)
    assert named.s3_public_urls == ("https://s3.lan:9443", "https://10.0.0.2:9443")
    assert (named.certified, named.tls) == (True, False)
    assert given() == named
    assert given(s3_urls=[""]).s3_public_urls == ("http://127.0.0.1:9443",)
    given(s3_urls=["http://s3.lan:9443"])
    assert given(s3_port=0) == before


@pytest.mark.parametrize("options", [{"s3_port": addresses.PORT}, {"s3_urls": ["http://a.lan", "https://a.lan"]}])
def test_two_listeners_on_one_port_are_refused(options):
    with pytest.raises(addresses.BadAddress):
        addresses.changed(addresses.Site(), None, None, None, None, **options)


def test_addresses_given_once_are_used_again(folder):
    given = addresses.changed(addresses.load(folder), None, ["https://photos.lan/", "https://10.0.0.2:443"], None, None)
    addresses.record(folder, given)
    assert given.port == 443
    assert given.bind == "0.0.0.0"
    again = addresses.changed(addresses.load(folder), None, None, ["http://elsewhere.lan:3000"], False)
    assert again.public_urls == ("https://photos.lan", "https://10.0.0.2")
    back = addresses.changed(again, 8080, [""], None, False)
    assert back.public_urls == ("http://127.0.0.1:8080", "http://localhost:8080")
    assert back.bind == "127.0.0.1"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Photos.LAN/", "https://photos.lan"),
        ("https://photos.lan:443", "https://photos.lan"),
        ("http://photos.lan:80", "http://photos.lan"),
        ("http://photos.lan:443", "http://photos.lan:443"),
        ("http://[FD00::1]:8080", "http://[fd00::1]:8080"),
    ],
)
def test_an_address_is_written_as_browsers_write_it(url, origin):
    """What a browser sends as Host and Origin is compared with it, letter by letter."""
    assert addresses.base(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "photos.lan",
        "ftp://photos.lan",
        "https://photos.lan/darkroom",
        "http://a:b@c",
        "http://x:y",
        "http://x:0",
        "https://pho tos.lan",
        "https://photos_x.lan",
        "https://[::1]x",
        "*",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(addresses.BadAddress):
        addresses.base(url)


def test_one_listener_speaks_one_protocol():
    with pytest.raises(addresses.BadAddress):
        addresses.changed(addresses.Site(), None, ["http://a.lan", "https://a.lan"], None, False)


def test_a_log_is_cut_off_and_its_last_lines_are_at_hand(tmp_path):
    log = Log(tmp_path, "part")
    for number in range(3 * LIMIT // 1000 + 10):
        log.write(f"{number:06} " + "x" * 1000)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.log", "part.log.1", "part.log.2"]
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= LIMIT + 1100
    assert tail(tmp_path / "part.log", 1) == [log.last[-1]]


async def test_a_full_disk_costs_lines_and_nothing_else(folder):
    """/dev/full answers every write as a full disk does."""
    (folder.logs / "part.log").symlink_to("/dev/full")
    log, stream = Log(folder.logs, "part"), asyncio.StreamReader()
    stream.feed_data(b"one\ntwo\n")
    stream.feed_eof()
    await log.pump(stream)
    assert list(log.last) == ["one", "two"]

    (folder.path / f"{running.FILE}.{os.getpid()}.new").symlink_to("/dev/full")
    running.Reporter(folder, lambda line: None).changed()
    assert not (folder.path / running.FILE).exists()
    (folder.path / f"{running.FILE}.{os.getpid()}.new").unlink()
    await asyncio.sleep(running.WRITE_AGAIN + 0.5)
    assert folder.read(running.FILE)["phase"] == "starting", "it is written once there is room"


async def test_a_line_without_end_stops_nothing(tmp_path):
    log, stream = Log(tmp_path, "part"), asyncio.StreamReader()
    stream.feed_data(b"y" * (LONGEST_LINE * 3) + b"\nafter\n")
    stream.feed_eof()
    await log.pump(stream)
    assert log.last[-1] == "after"
    assert max(map(len, log.last)) <= LONGEST_LINE
