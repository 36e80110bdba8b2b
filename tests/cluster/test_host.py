"""`./ops/host` on the image of a host: put in place, found out where it was changed, and taken away."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ops.clusters import install
from ops.clusters.install import NotInstalled
from tests.cluster.test_render import INVENTORY
from tests.stack import CHECKOUT, environment

pytestmark = pytest.mark.root


def host(*arguments: str, code: int = 0) -> str:
    command = [str(CHECKOUT / "ops/host"), *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "four.toml").write_text(INVENTORY)
    command = [str(CHECKOUT / "ops/cluster"), "render", str(folder / "four.toml")]
    subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=600)
    return folder / "four"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What a system has before: accounts, and the two packages that a host needs."""
    root = tmp_path / "image"
    for folder in ("etc", "usr/bin", "usr/sbin", "var/lib", "opt/darkroom"):
        (root / folder).mkdir(parents=True)
    root.chmod(0o755)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    (root / "etc/shadow").write_text("root:*:1::::::\n")
    (root / "etc/gshadow").write_text("root:*::\n")
    shutil.copy("/etc/login.defs", root / "etc/login.defs")
    for program in ("usr/bin/stunnel4", "usr/sbin/xfs_io"):
        (root / program).touch()
    return root


def with_dependencies(image: Path) -> Path:
    """Those of the tests' own environment: to install them takes a minute."""
    (image / "opt/darkroom/venv").symlink_to(sys.prefix)
    return image


def test_an_image_is_installed_and_what_was_changed_in_it_is_found(rendered: Path, image: Path) -> None:
    with_dependencies(image)
    root = ("--root", str(image))
    assert "is installed, with wires, postgres" in host("install", str(rendered / "a"), *root)
    found = json.loads(host("check", "--json", *root))
    assert found["host"] == "a"
    assert not [one for one in found["findings"] if one["wrong"]]
    for name, mode in (("api.env", 0o600), ("tls/host.key", 0o600), ("tls/ca.crt", 0o644)):
        assert stat.S_IMODE((image / "etc/darkroom" / name).stat().st_mode) == mode
    wanted = image / "etc/systemd/system/multi-user.target.wants"
    assert (wanted / "darkroom.target").is_symlink()
    assert (wanted / "srv-darkroom-drives-1.mount").is_symlink()
    assert (image / "etc/systemd/system/darkroom.target.wants/darkroom-storage.service").is_symlink()
    point = image / "srv/darkroom/drives/1"
    assert (point.stat().st_uid, stat.S_IMODE(point.stat().st_mode)) == (0, 0o555)
    (image / "etc/darkroom/api.env").write_text("DARKROOM_API_PORT=1\n")
    (image / "etc/darkroom/tls/host.key").chmod(0o644)
    (image / "etc/systemd/system/darkroom-edge.service").unlink()
    server = next((image / "opt/darkroom/servers").glob("*/minio"))
    server.write_bytes(server.read_bytes() + b"\0")
    said = host("check", *root, code=1)
    for wrong in ("api.env was changed", "host.key has mode 0644", "darkroom-edge.service is missing", "another build"):
        assert wrong in said, said
    server.unlink()
    host("install", str(rendered / "a"), *root)
    host("check", *root)


def test_a_part_that_has_gone_elsewhere_goes_from_its_old_host(rendered: Path, image: Path, tmp_path: Path) -> None:
    with_dependencies(image)
    root = ("--root", str(image))
    host("install", str(rendered / "b"), *root)
    (tmp_path / "four.toml").write_text(INVENTORY.replace('["storage", "api", "edge"]', '["storage", "edge"]'))
    command = [str(CHECKOUT / "ops/cluster"), "render", str(tmp_path / "four.toml")]
    subprocess.run(command, env=environment(), check=True, capture_output=True, timeout=600)
    said = host("install", str(tmp_path / "four/b"), *root)
    assert "no longer there: /etc/darkroom/api.env" in said
    units = image / "etc/systemd/system"
    assert not (units / "darkroom-api.service").exists()
    assert not (units / "darkroom.target.wants/darkroom-api.service").is_symlink()
    assert (units / "darkroom.target.wants/darkroom-edge.service").is_symlink()
    host("check", *root)


def test_uninstalling_leaves_what_is_stored(rendered: Path, image: Path) -> None:
    with_dependencies(image)
    root = ("--root", str(image))
    host("install", str(rendered / "d"), *root)
    stored = image / "var/lib/darkroom/data/kept"
    stored.write_text("x")
    assert "--yes does it" in host("uninstall", *root, code=1)
    assert (image / "etc/systemd/system/darkroom-storage.service").exists()
    host("uninstall", "--yes", *root)
    assert not list((image / "etc/systemd/system").glob("darkroom*"))
    assert not (image / "etc/darkroom").exists()
    assert not (image / "opt/darkroom").exists()
    assert stored.read_text() == "x"
    assert (image / "srv/darkroom/drives/1").exists()


def test_what_is_missing_or_was_changed_on_the_way_is_said(rendered: Path, image: Path, tmp_path: Path) -> None:
    (image / "usr/bin/stunnel4").unlink()
    assert "lacks stunnel4" in host("install", str(rendered / "d"), "--root", str(image), code=1)
    copied = tmp_path / "copied"
    shutil.copytree(rendered / "d", copied)
    (copied / "files/etc/darkroom/storage.env").write_text("")
    assert "is missing or was changed: render again" in host("install", str(copied), "--root", str(image), code=1)
    assert "./ops/host install FOLDER" in host("check", "--root", str(image), code=1)


@pytest.mark.pure
def test_a_drive_is_found_by_its_serial() -> None:
    listed = json.dumps(
        {
            "blockdevices": [
                {"serial": "ZC1A2B3C", "fstype": "ext4", "uuid": "1"},
                {"serial": "ZC1A2B3D", "fstype": "xfs", "uuid": "2"},
            ]
        }
    )
    assert install.uuid_of("ZC1A2B3D", listed) == "2"
    with pytest.raises(NotInstalled, match="drives prepare"):
        install.uuid_of("ZC1A2B3C", listed)


@pytest.mark.long
def test_an_image_runs_by_its_own_dependencies(rendered: Path, image: Path) -> None:
    host("install", str(rendered / "d"), "--root", str(image))
    python = image / "opt/darkroom/venv/bin/python"
    asked = [str(python), "-P", "-c", "from ops import locate; print(locate.caddy(), locate.valkey())"]
    told = subprocess.run(
        asked, env={"PYTHONPATH": str(image / "opt/darkroom/code")}, capture_output=True, text=True, check=True
    ).stdout
    assert told.count(str(image)) == 2
