"""What is rendered for hosts: complete, alike where it has to be, secrets where they are used, units systemd takes."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.clusters import description, hosted, render, units
from ops.clusters.description import Cluster
from ops.clusters.files import Server

INVENTORY = """\
urls = ["https://photos.lan"]
[settings]
EVENTS_DAYS = 60
[hosts.a]
address = "10.0.0.1"
roles = ["storage", "database", "api", "worker", "edge"]
drives = ["11111111-1111-4111-8111-111111111101", "11111111-1111-4111-8111-111111111102"]
[hosts.b]
address = "10.0.0.2"
roles = ["storage", "api", "edge"]
drives = ["11111111-1111-4111-8111-111111111201", "11111111-1111-4111-8111-111111111202"]
[hosts.c]
address = "10.0.0.3"
roles = ["storage", "worker"]
drives = ["11111111-1111-4111-8111-111111111301", "ZC1A2B3C"]
[hosts.d]
address = "10.0.0.4"
roles = ["storage"]
drives = ["11111111-1111-4111-8111-111111111401", "11111111-1111-4111-8111-111111111402"]
"""
EXPOSED = {"worker": 3.9, "other": 2.0}
"""The highest of `systemd-analyze security`, of 10; it calls both OK. Workers make namespaces for their decoders."""


def rendered(cluster: Cluster, out: Path) -> list[render.Change]:
    return render.written(render.material(cluster, out, Server("a-build", "ab" * 32)), out)


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return description.parse(INVENTORY)


@pytest.fixture(scope="module")
def out(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "out"
    rendered(cluster, folder)
    return folder


def read(out: Path, host: str, path: str) -> str:
    return (out / host / "files" / path.lstrip("/")).read_text()


@pytest.mark.pure
def test_rendering_again_changes_nothing(cluster: Cluster, out: Path) -> None:
    assert not any(change.written or change.removed for change in rendered(cluster, out))


@pytest.mark.pure
def test_what_is_no_longer_wanted_goes(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    rendered(cluster, folder)
    fewer = description.parse(INVENTORY.replace('"storage", "worker"', '"storage"'))
    changes = {one.host: one for one in rendered(fewer, folder)}
    assert "/etc/darkroom/worker-images-1.env" in changes["c"].removed
    assert not (folder / "c/files/etc/darkroom/worker-images-1.env").exists()


@pytest.mark.pure
def test_a_host_that_is_gone_goes_and_nothing_else_does(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    rendered(cluster, folder)
    (folder / "notes").mkdir()
    (folder / "notes/mine").write_text("x")
    fewer = description.parse(INVENTORY[: INVENTORY.index("[hosts.d]")].replace("[hosts.c]", "[hosts.e]"))
    rendered(fewer, folder)
    assert {path.name for path in folder.iterdir()} == {"a", "b", "e", "secret", "notes"}
    assert (folder / "notes/mine").read_text() == "x"


@pytest.mark.pure
def test_a_folder_with_other_things_is_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ValueError, match="other things"):
        rendered(cluster, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.pure
def test_all_nodes_are_started_with_the_same(out: Path) -> None:
    told = [json.loads(read(out, host, "/etc/darkroom/manifest.json")) for host in "abcd"]
    assert len({one["alike"] for one in told}) == 1
    pools = {read(out, host, "/etc/darkroom/storage/pools.json") for host in "abcd"}
    assert len(pools) == 1
    (pool,) = json.loads(pools.pop())["pools"]
    assert len(pool["args"]) == 8
    assert pool["set-drive-count"] == 8
    settings = [
        [line for line in read(out, host, "/etc/darkroom/storage.env").splitlines() if line.startswith("MINIO_")]
        for host in "abcd"
    ]
    assert settings[0] == settings[1] == settings[2] == settings[3]
    assert 'MINIO_STORAGE_CLASS_RRS="EC:2"' in settings[0]


@pytest.mark.pure
def test_everything_but_edge_storage_and_wires_listens_on_loopback(out: Path) -> None:
    """What a unit or a configuration opens on other addresses is in this list, or must not be."""
    for host, address in (("a", "10.0.0.1"), ("b", "10.0.0.2")):
        wires = read(out, host, "/var/lib/darkroom/data/wires/stunnel.conf")
        accepted = re.findall(r"^accept = (.*):(\d+)$", wires, re.MULTILINE)
        assert {port for at, port in accepted if at != "127.0.0.1"} == (
            {"9102", "9103", "9104"} if host == "a" else {"9102"}
        )
        assert {at for at, _ in accepted} <= {"127.0.0.1", address}
        assert "bind 0.0.0.0" in read(out, host, "/var/lib/darkroom/data/edge/Caddyfile")
        assert "bind 127.0.0.1" in read(out, host, "/var/lib/darkroom/data/gateway/Caddyfile")
    assert "--address 10.0.0.4:9000" in read(out, "d", "/etc/systemd/system/darkroom-storage.service")
    assert "listen_addresses=127.0.0.1" in read(out, "a", "/etc/systemd/system/darkroom-postgres.service")
    assert "bind 127.0.0.1" in read(out, "a", "/var/lib/darkroom/data/valkey/valkey.conf")


@pytest.mark.pure
def test_each_edge_looks_after_the_room_where_other_programs_may_write(out: Path, tmp_path: Path) -> None:
    opened = INVENTORY.replace("EVENTS_DAYS = 60", "S3_FREE_PERCENT = 20")
    opened = opened.replace("[settings]", 's3_urls = ["https://photos.lan:9443"]\n[settings]')
    rendered(description.parse(opened), tmp_path / "out")
    there = {path.parts[-6] for path in (tmp_path / "out").rglob("darkroom-room.service")}
    assert there == {"a", "b"}
    assert not list(out.rglob("darkroom-room.service")), "nobody else may"
    assert 'DARKROOM_S3_FREE_PERCENT="20"\n' in read(tmp_path / "out", "b", "/etc/darkroom/room.env")
    assert "darkroom-room.service" in read(tmp_path / "out", "b", "/etc/systemd/system/darkroom.target")


@pytest.mark.pure
def test_while_a_backup_is_being_restored_only_what_stores_is_started(out: Path) -> None:
    """Without wires no part of another host gets at the ledger either."""
    for unit in (out / "a/files/etc/systemd/system").glob("darkroom-*.service"):
        part = unit.stem.removeprefix("darkroom-")
        held_back = "ConditionPathExists=!/var/lib/darkroom/data/restoring.json\n" in unit.read_text()
        assert held_back == (part not in ("postgres", "valkey", "storage", "gateway")), part


@pytest.mark.pure
def test_secrets_are_where_they_are_used_and_nowhere_else(out: Path) -> None:
    secrets = json.loads((out / "secret/secrets.json").read_text())
    root = secrets["storage_root"].partition(":")[2]
    holders = {
        str(path.relative_to(out))
        for path in out.rglob("*")
        if path.is_file() and root in path.read_text(errors="replace") and path.parts[len(out.parts)] != "secret"
    }
    own = {f"{host}/files/etc/darkroom/storage.env" for host in "abcd"}
    of_a = {"a/files/etc/darkroom/buckets.env", "a/files/etc/darkroom/caretaker.env"}
    assert holders == own | of_a | {"a/files/var/lib/darkroom/data/secrets.json"}
    for unit in out.rglob("*.service"):
        for name, secret in secrets.items():
            assert secret.rpartition(":")[2] not in unit.read_text(), (unit, name)
    for path in out.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.is_dir(), path


@pytest.mark.pure
def test_a_drive_named_by_serial_is_looked_up_on_its_host(out: Path) -> None:
    units_of_c = {path.name for path in (out / "c/files/etc/systemd/system").iterdir()}
    assert "srv-darkroom-drives-1.mount" in units_of_c
    assert "srv-darkroom-drives-2.mount" not in units_of_c
    assert json.loads(read(out, "c", "/etc/darkroom/manifest.json"))["drives"]["/srv/darkroom/drives/2"] == "ZC1A2B3C"


@pytest.mark.pure
def test_each_unit_has_the_command_and_the_end_of_its_row_in_the_table(cluster: Cluster, out: Path) -> None:
    from ops.credentials import load
    from ops.folder import DataFolder

    keys = load(DataFolder(out / "secret"), {})
    for host in cluster.hosts:
        for part in hosted.parts(cluster, host, keys):
            text = read(out, host.name, f"/etc/systemd/system/{units.name(part)}")
            assert f"ExecStart={' '.join(units.quoted(word) for word in part.argv)}\n" in text
            assert f"KillSignal={part.stop.name}\n" in text
            assert f"TimeoutStopSec={part.grace:.0f}\n" in text


@pytest.mark.pure
@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain", "plain"),
        ("a b", '"a b"'),
        ("50%", '"50%%"'),
        ("$HOME", '"$$HOME"'),
        ('say "x"', '"say \\"x\\""'),
        ("", '""'),
    ],
)
def test_words_of_a_command_as_systemd_reads_them(word: str, written: str) -> None:
    assert units.quoted(word) == written


@pytest.mark.pure
def test_settings_have_one_line_each() -> None:
    assert units.settings({"B": 'a "b" \\', "A": ""}) == 'A=""\nB="a \\"b\\" \\\\"\n'
    with pytest.raises(ValueError, match="more than one line"):
        units.settings({"A": "x\nB=y"})


@pytest.mark.root
def test_systemd_takes_every_unit_and_finds_little_exposed(out: Path, tmp_path: Path) -> None:
    """`systemd-analyze` on an image with the units and the programs that they name."""
    image = tmp_path / "image"
    shutil.copytree(out / "a/files", image)
    shutil.copytree(out / "c/files", image, dirs_exist_ok=True)
    for program in ("opt/darkroom/venv/bin/python", "usr/bin/stunnel4"):
        (image / program).parent.mkdir(parents=True, exist_ok=True)
        (image / program).write_text("#!/bin/sh\n")
        (image / program).chmod(0o755)
    for left in ("usr/lib/systemd/system", "lib"):
        (image / left).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree("/usr/lib/systemd/system", image / "usr/lib/systemd/system", symlinks=True)
    names = sorted(path.name for path in (image / "etc/systemd/system").iterdir())
    checked = subprocess.run(
        ["systemd-analyze", "verify", f"--root={image}", "--man=no", *names], capture_output=True, text=True
    )
    ours = [line for line in checked.stderr.splitlines() if "darkroom" in line]
    assert checked.returncode == 0, checked.stderr
    assert not ours, ours
    services = [str(image / "etc/systemd/system" / name) for name in names if name.endswith(".service")]
    for service in services:
        told = subprocess.run(
            [
                "systemd-analyze",
                "security",
                "--offline=true",
                "--no-pager",
                _limit(service),
                service,
            ],
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0, f"{service}: {told.stdout[-200:]}{told.stderr}"


def test_the_api_may_close_a_sandbox_behind_itself_and_no_more(out: Path) -> None:
    unit = read(out, "a", "/etc/systemd/system/darkroom-api.service")
    assert "RestrictNamespaces=yes\n" in unit
    assert "SystemCallFilter=@system-service seccomp landlock_create_ruleset landlock_restrict_self\n" in unit


def _limit(service: str) -> str:
    most = EXPOSED["worker" if "worker" in service else "other"]
    return f"--threshold={int(most * 10)}"


@pytest.mark.root
def test_the_firewall_is_one_that_nft_takes(out: Path) -> None:
    for host in "abcd":
        path = out / host / "files/etc/darkroom/firewall.nft"
        done = subprocess.run(["nft", "--check", "--file", str(path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
