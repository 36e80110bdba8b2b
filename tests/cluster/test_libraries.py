"""The role `library`: a host that has it gets a worker with its workflows, which may write to its folders, no other."""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from ops.clusters import description, hosted, libraries, render
from ops.clusters.description import BadInventory
from ops.clusters.files import Server
from ops.containers import compose, write
from tests.cluster.test_render import EXPOSED, INVENTORY, read

ADDED = """\
[hosts.e]
address = "10.0.0.5"
roles = ["library"]
libraries = ["/srv/films", "/mnt/nas/series"]
workflows = "workflows"
"""
FILMS = {"name": "Films", "source": {"folder": "/srv/films/old"}, "target": {"codec": "h265"}}
LIBRARIES = 'libraries = ["/srv/films", "/mnt/nas/series"]\n'
BUCKET = FILMS | {"source": {"bucket": "films", "key_file": "films.key"}}
WORKER = "e-worker-backfill-1"
SECRET = "AKIAEXAMPLE:b2b7f1d04c3e49e6\n"
UNIT = "/etc/systemd/system/darkroom-worker-backfill-1.service"


def written(folder: Path, added: str = ADDED, **workflows: object) -> Path:
    """An inventory with these workflows beside it."""
    (folder / "workflows").mkdir(exist_ok=True)
    for name, workflow in (workflows or {"films": FILMS}).items():
        text = workflow if isinstance(workflow, str) else json.dumps(workflow)
        (folder / f"workflows/{name}.json").write_text(text)
    (folder / "five.toml").write_text(INVENTORY + added)
    return folder / "five.toml"


def rendered(inventory: Path) -> list[render.Change]:
    cluster, out = description.load(inventory), inventory.parent / "five"
    return render.written(render.material(cluster, out, Server("a-build", "ab" * 32)), out)


def keyed(folder: Path, text: str = SECRET, mode: int = 0o600) -> None:
    """Beside the workflow that names it."""
    path = folder / "workflows/films.key"
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    inventory = written(tmp_path_factory.mktemp("libraries"))
    rendered(inventory)
    return inventory.parent / "five"


@pytest.mark.pure
def test_its_host_has_the_worker_and_the_workflows_and_nobody_else_has(out: Path) -> None:
    manifest = json.loads(read(out, "e", "/etc/darkroom/manifest.json"))
    assert manifest["parts"] == ["wires", "gateway", "worker-backfill-1"]
    assert json.loads(read(out, "e", "/etc/darkroom/library/films.json")) == FILMS
    assert 'DARKROOM_LIBRARY="/etc/darkroom/library"\n' in read(out, "e", "/etc/darkroom/worker-backfill-1.env")
    others = {path.relative_to(out).parts[0] for path in out.rglob("*") if "backfill" in path.name}
    assert others == {"e"}
    assert {path.relative_to(out).parts[0] for path in out.rglob("library")} == {"e"}


@pytest.mark.pure
def test_it_reaches_ledger_queue_and_storage_and_is_reached_by_nobody(out: Path) -> None:
    cluster = description.load(out.parent / "five.toml")
    host = next(one for one in cluster.hosts if one.name == "e")
    assert set(hosted.wires(cluster, host).leads) == {"postgres", "valkey"}
    assert hosted.listeners(cluster, host) == {}
    assert "tcp dport" not in read(out, "e", "/etc/darkroom/firewall.nft")
    takers = re.search(r"elements = \{ (.*) \}", read(out, "a", "/etc/darkroom/firewall.nft"))
    assert takers
    assert "10.0.0.5" in takers[1].split(", ")


@pytest.mark.pure
def test_its_unit_stands_back_and_writes_to_its_folders_and_others_do_not(out: Path) -> None:
    unit = read(out, "e", UNIT)
    assert re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE) == [
        "/var/lib/darkroom/data",
        "-/srv/films -/mnt/nas/series",
    ]
    assert "\nNice=19\nCPUWeight=10\nIOSchedulingClass=idle\n" in unit
    # Whichever of these is a file system of its own, as that of the NAS.
    assert "\nAfter=mnt.mount mnt-nas.mount mnt-nas-series.mount srv.mount srv-films.mount\n" in unit
    for other in (out / "a/files/etc/systemd/system").glob("darkroom-worker-*.service"):
        assert not re.search(r"Nice=|CPUWeight=|/srv/films", other.read_text()), other


@pytest.mark.root
def test_systemd_takes_its_unit_and_finds_it_no_more_exposed_than_a_workers(out: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    shutil.copytree(out / "e/files", image)
    for program in ("opt/darkroom/venv/bin/python", "usr/bin/stunnel4"):
        (image / program).parent.mkdir(parents=True, exist_ok=True)
        (image / program).write_text("#!/bin/sh\n")
        (image / program).chmod(0o755)
    shutil.copytree("/usr/lib/systemd/system", image / "usr/lib/systemd/system", symlinks=True)
    verify = ["systemd-analyze", "verify", f"--root={image}", "--man=no", Path(UNIT).name]
    checked = subprocess.run(verify, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert not [line for line in checked.stderr.splitlines() if "darkroom" in line], checked.stderr
    most = f"--threshold={int(EXPOSED['worker'] * 10)}"
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", most, f"{image}{UNIT}"],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout[-200:] + told.stderr


@pytest.mark.pure
def test_a_workflow_that_is_no_longer_beside_the_inventory_goes(tmp_path: Path) -> None:
    series = FILMS | {"name": "Series", "source": {"folder": "/mnt/nas/series"}}
    inventory = written(tmp_path, films=FILMS, series=series)
    rendered(inventory)
    (tmp_path / "workflows/series.json").unlink()
    changes = {one.host: one for one in rendered(inventory)}
    assert changes["e"].removed == ["/etc/darkroom/library/series.json"]
    assert changes["a"].removed == []


@pytest.mark.pure
@pytest.mark.parametrize(
    ("workflows", "said"),
    [
        ({"films": "{"}, "films.json: it is no JSON"),
        ({"films": FILMS | {"colour": 1}}, "films.json: .*colour"),
        ({"films": FILMS | {"source": {"folder": "/srv/filmsets"}}}, "/srv/filmsets is in none of the libraries"),
        ({"films": FILMS | {"source": {"folder": "/srv/films/../x"}}}, "is in none of the libraries"),
        ({"films": FILMS | {"source": {"folder": "/srv"}}}, "libraries of host e: /srv/films, /mnt/nas/series"),
        ({"films": FILMS, "more": FILMS}, "films.json is called 'Films' already"),
        ({"my films": FILMS}, "name it of letters"),
    ],
)
def test_what_a_worker_would_not_take_is_found_out_before(
    tmp_path: Path, workflows: dict[str, object], said: str
) -> None:
    inventory = written(tmp_path, **workflows)
    with pytest.raises(BadInventory, match=said):
        libraries.read(description.load(inventory))


@pytest.mark.pure
def test_a_folder_of_a_host_without_libraries_is_none_of_them(tmp_path: Path) -> None:
    inventory = written(tmp_path, ADDED.replace(LIBRARIES, ""))
    with pytest.raises(BadInventory, match="/srv/films/old is in none of the libraries of host e: it has none"):
        libraries.read(description.load(inventory))


@pytest.mark.pure
def test_a_library_without_a_workflow_is_told(tmp_path: Path) -> None:
    inventory = written(tmp_path)
    (tmp_path / "workflows/films.json").unlink()
    with pytest.raises(BadInventory, match=r"host e: .*workflows has no workflow"):
        rendered(inventory)
    assert not (tmp_path / "five").exists()


@pytest.mark.pure
def test_the_key_of_a_bucket_is_its_hosts_alone_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    inventory = written(tmp_path, ADDED.replace(LIBRARIES, ""), films=BUCKET)
    keyed(tmp_path)
    changes = {one.host: one for one in rendered(inventory)}
    out, key = tmp_path / "five", "/etc/darkroom/library/films.key"
    assert {path.relative_to(out).parts[0] for path in out.rglob("films.key")} == {"e"}
    assert read(out, "e", key) == SECRET
    assert stat.S_IMODE((out / f"e/files{key}").stat().st_mode) == 0o600
    entries = json.loads(read(out, "e", "/etc/darkroom/manifest.json"))["files"]
    [entry] = [one for one in entries if one["path"] == key]
    assert (entry["mode"], entry["owner"]) == (0o600, "darkroom")
    told = [path for path in out.rglob("*") if path.is_file() and path.name != "films.key"]
    assert not [path for path in told if SECRET.partition(":")[2].strip() in path.read_text()]
    assert key in changes["e"].written
    (tmp_path / "workflows/films.json").write_text(json.dumps(FILMS))
    (tmp_path / "five.toml").write_text(INVENTORY + ADDED)
    assert {one.host: one for one in rendered(inventory)}["e"].removed == [key]


@pytest.mark.pure
def test_a_unit_without_folders_may_write_to_its_data_folder(tmp_path: Path) -> None:
    """An empty line takes back, in systemd, what those before it gave."""
    inventory = written(tmp_path, ADDED.replace(LIBRARIES, ""), films=BUCKET)
    keyed(tmp_path)
    rendered(inventory)
    unit = read(tmp_path / "five", "e", UNIT)
    assert re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE) == ["/var/lib/darkroom/data"]
    assert not re.findall(r"^(?:Wants|After)=$", unit, re.MULTILINE)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o600, "films.key can't be read: No such file"),
        (SECRET, 0o640, "others can read the key file .*: chmod 600"),
        ("secret-words", 0o600, "does not hold ACCESS:SECRET"),
    ],
)
def test_a_key_that_its_worker_would_not_take_is_found_out_before(
    tmp_path: Path, text: str | None, mode: int, said: str
) -> None:
    inventory = written(tmp_path, films=BUCKET)
    if text is not None:
        keyed(tmp_path, text, mode)
    with pytest.raises(BadInventory, match=said) as refused:
        rendered(inventory)
    assert text is None or text.rpartition(":")[2].strip() not in str(refused.value)
    assert not (tmp_path / "five").exists()


@pytest.mark.pure
@pytest.mark.parametrize(("endpoint", "outside"), [({}, False), ({"endpoint": "https://s3.example.com"}, True)])
def test_a_container_has_its_key_as_a_secret_and_the_way_to_its_bucket(
    tmp_path: Path, endpoint: dict[str, str], outside: bool
) -> None:
    source = {**BUCKET["source"], **endpoint}
    inventory = written(tmp_path, ADDED.replace(LIBRARIES, ""), films=BUCKET | {"source": source})
    keyed(tmp_path)
    # One edge, and no host that has the address of the machine.
    fitting = inventory.read_text().replace('"api", "edge"]', '"api"]').replace('"10.0.0.', '"10.0.0.1')
    inventory.write_text(fitting)
    text = compose.text(render.material(description.load(inventory), tmp_path / "five", write.SILO), "./five")
    service, holder = (text.partition(f"\n  {name}:\n")[2].partition("\n\n")[0] for name in (WORKER, "e"))
    secrets = service.partition("    secrets:\n")[2].partition("    configs:\n")[0]
    assert "source: e.etc.darkroom.library.films.key, target: /etc/darkroom/library/films.key}" in secrets
    assert text.count("source: e.etc.darkroom.library.films.key,") == 1
    assert "e-scratch:/var/lib/darkroom/data/scratch" in service
    assert ("outside: {}" in holder) == outside


@pytest.mark.pure
@pytest.mark.parametrize(
    ("change", "by", "said"),
    [
        ('workflows = "workflows"', "", "belong together"),
        ('"library"', '"worker"', "belong together"),
        ('workflows = "workflows"', "workflows = 1", "workflows must be a text"),
        ("/mnt/nas/series", "/srv/films", "library /srv/films is there twice"),
        ("/mnt/nas/series", "series", "can't be a library: name an absolute path"),
        ("/mnt/nas/series", "/srv/a b", "can't be a library: name an absolute path"),
        ("/mnt/nas/series", "/home/me/films", "no worker sees what is in /home"),
        ("/mnt/nas/series", "/srv/darkroom", "Darkroom has /srv/darkroom/drives for itself"),
        ("/mnt/nas/series", "/etc/darkroom/tls", "Darkroom has /etc/darkroom for itself"),
    ],
)
def test_what_is_wrong_is_said(change: str, by: str, said: str) -> None:
    with pytest.raises(BadInventory, match=said):
        description.parse(INVENTORY + ADDED.replace(change, by))
