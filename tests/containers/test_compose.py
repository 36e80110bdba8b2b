"""compose.yaml: valid by the specification's own loader, run by the very commands of the units, and closed."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.clusters import description, hosted, places, render
from ops.containers import compose, write
from ops.containers.image import BELOW, UID
from tests.containers import reading
from tests.containers.conftest import Rendered
from tests.stack import CHECKOUT, environment

LIBRARY = "worker-worker-backfill-1"
WITHOUT_HEALTH = {"wires", "ledger", "buckets"}
"""Of these the table of parts asks nothing but that they run, or have ended well."""


def hosts(rendered: Rendered) -> list[str]:
    return [host.name for host in rendered.of.cluster.hosts]


def parts(rendered: Rendered) -> list[tuple[str, str]]:
    """Host and name of every part that has a unit."""
    units = (rendered.folder / "compose").glob("*/files/etc/systemd/system/darkroom-*.service")
    return sorted((unit.parents[4].name, unit.stem.removeprefix("darkroom-")) for unit in units)


def unit(rendered: Rendered, host: str, part: str) -> dict[str, str]:
    """The [Service] of its unit."""
    text = rendered.read(host, f"etc/systemd/system/darkroom-{part}.service")
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return dict(parser["Service"])


def test_the_one_in_the_repository_is_what_its_inventory_renders(rendered: Rendered) -> None:
    assert (CHECKOUT / "compose.yaml").read_text() == rendered.text


def test_what_the_specification_does_not_know_is_found(rendered: Rendered) -> None:
    wrong = rendered.folder / "wrong.yaml"
    wrong.write_text(rendered.text.replace("stop_grace_period", "grace_period", 1))
    with pytest.raises(reading.Invalid, match="grace_period"):
        reading.load(wrong)


@pytest.mark.parametrize("name", sorted(reading.IMAGES))
def test_each_image_has_to_be_named_by_the_operator(rendered: Rendered, name: str) -> None:
    others = {key: value for key, value in reading.IMAGES.items() if key != name}
    with pytest.raises(reading.Invalid, match=rf"{name} is missing a value: name the image of"):
        reading.load(rendered.folder / "compose.yaml", others)
    assert "pgsty" not in rendered.text
    assert rendered.services["ops"]["build"]["args"][name] == reading.IMAGES[name]


def test_every_part_is_there_and_nothing_more(rendered: Rendered) -> None:
    wanted = {f"{host}-{part}" for host, part in parts(rendered)} | {*hosts(rendered), "ops"}
    assert set(rendered.services) == wanted
    names = [service.partition("-")[2] for service in rendered.services]
    asked = {"storage": 4, "postgres": 1, "valkey": 1, "edge": 1, "api": 2, "intake": 2, "worker-images-1": 1}
    assert {part: names.count(part) for part in asked} == asked


def test_each_runs_as_its_unit_says(rendered: Rendered) -> None:
    for host, part in parts(rendered):
        service, lines = rendered.services[f"{host}-{part}"], unit(rendered, host, part)
        told = lines["ExecStart"].replace("$$", "$").replace("%%", "%")
        assert service["command"] == shlex.split(told)
        assert service["user"] == f"{lines['User']}:{lines['Group']}"
        assert service["stop_signal"] == lines["KillSignal"]
        assert service["stop_grace_period"] == f"{lines['TimeoutStopSec']}s"
        assert service["restart"] == lines["Restart"]
        assert service["ulimits"]["nofile"] == int(lines["LimitNOFILE"])
        # Its variables come from the file of the unit's EnvironmentFile=, and from nowhere else.
        assert service["entrypoint"][-2:] == ["ops.containers.enter", lines["EnvironmentFile"]]
        assert "environment" not in service
        assert not service.get("env_file")
        after = set(re.findall(r"darkroom-([a-z0-9-]+)\.service", unit_after(rendered, host, part)))
        assert set(service["depends_on"]) == {host, *(f"{host}-{other}" for other in after)}


def unit_after(rendered: Rendered, host: str, part: str) -> str:
    text = rendered.read(host, f"etc/systemd/system/darkroom-{part}.service")
    return next(line for line in text.splitlines() if line.startswith("After="))


def test_a_hosts_parts_share_its_network_and_its_address(rendered: Rendered) -> None:
    for host in rendered.of.cluster.hosts:
        assert rendered.services[host.name]["networks"]["hosts"]["ipv4_address"] == host.address
        assert rendered.services[host.name]["command"] == ["sleep", "infinity"]
    for host_name, part in parts(rendered):
        assert rendered.services[f"{host_name}-{part}"]["network_mode"] == f"service:{host_name}"


def test_only_the_edge_is_public_and_only_api_and_edge_have_a_way_out(rendered: Rendered) -> None:
    public = {name: service["ports"] for name, service in rendered.services.items() if service.get("ports")}
    assert list(public) == ["edge"]
    assert [(port["published"], port["target"]) for port in public["edge"]] == [("8443", 8443)]
    assert rendered.project["networks"]["hosts"]["internal"] is True
    out = {name for name, service in rendered.services.items() if "outside" in (service.get("networks") or {})}
    assert out == {"api1", "api2", "edge"}


def test_the_s3_for_others_is_published_where_there_is_one(tmp_path: Path) -> None:
    inventory = 's3_urls = ["https://photos.lan:9443"]\n' + (CHECKOUT / "compose.toml").read_text()
    of = render.material(description.parse(inventory, CHECKOUT), tmp_path / "compose", write.SILO)
    assert '    ports: ["8443:8443", "9443:9443"]\n' in compose.text(of, "./compose")


def test_what_has_a_health_is_asked_for_it(rendered: Rendered) -> None:
    for host, part in parts(rendered):
        asked = rendered.services[f"{host}-{part}"].get("healthcheck")
        assert (asked is None) == (part in WITHOUT_HEALTH)
        if asked:
            assert asked["test"][0] == "CMD"
            assert asked["test"][-3:] == ["ops.healthy", host, part]


def test_walls_and_limits_are_around_all(rendered: Rendered) -> None:
    for service in rendered.services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert not service.get("cap_add")
        assert not service.get("privileged")
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["init"] is True
        assert service["pull_policy"] == "never"
        if service is not rendered.services["ops"]:
            assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])


def test_secrets_are_files_and_each_part_has_its_own_alone(rendered: Rendered) -> None:
    project, secret = rendered.project, [*vars(rendered.of.credentials).values()]
    for value in (part for one in secret for part in one.split(":") if len(part) > 20):
        assert value not in rendered.text
    for kind in ("secrets", "configs"):
        for name, service in rendered.services.items():
            host = name.split("-")[0] if name != "ops" else "database"
            for entry in service.get(kind) or []:
                file = Path(project[kind][entry["source"]]["file"])
                # Mounted where the host's own file would be.
                assert file == rendered.folder / "compose" / host / "files" / entry["target"].lstrip("/")
                assert file.is_file()
    used = {entry["source"] for service in rendered.services.values() for entry in service.get("secrets") or []}
    assert used == set(project["secrets"])
    worker = [entry["target"] for entry in rendered.services["worker-worker-images-1"]["secrets"]]
    assert worker == ["/etc/darkroom/worker-images-1.env"]


def test_each_node_has_a_volume_for_its_drive_and_one_for_its_queue(rendered: Rendered) -> None:
    found = [
        {volume["target"]: volume["source"] for volume in rendered.services[f"storage{number}-storage"]["volumes"]}
        for number in range(1, 5)
    ]
    for number, volumes in enumerate(found, 1):
        assert volumes["/srv/darkroom/drives/1"] == f"storage{number}-drive1"
        assert volumes["/var/lib/darkroom/data/storage"] == f"storage{number}-storage"
    mounts = [volume for service in rendered.services.values() for volume in service.get("volumes") or []]
    kept = {volume["source"] for volume in mounts if volume["type"] == "volume"}
    assert kept == set(rendered.project["volumes"])


def test_each_volume_lies_where_the_image_has_a_folder_of_the_account(rendered: Rendered) -> None:
    """A new volume takes its owner from there, and would else be root's."""
    made = {str(places.DATA / name) for name in ("", *BELOW)} | {str(places.drive(number)) for number in range(1, 17)}
    for name, service in rendered.services.items():
        volumes = {one["target"] for one in service.get("volumes") or [] if one["type"] == "volume"}
        assert volumes <= made, name


def test_workers_of_one_host_see_what_the_others_note_as_urgent(rendered: Rendered) -> None:
    sources = {
        name: [one["source"] for one in service.get("volumes") or [] if one["target"].endswith("/urgent")]
        for name, service in rendered.services.items()
        if name.startswith("worker-worker-")
    }
    assert len(sources) == 4
    assert {tuple(one) for one in sources.values()} == {("worker-urgent",)}


def test_a_library_is_a_folder_of_the_machine_and_its_workflow_can_not_be_written(rendered: Rendered) -> None:
    service = rendered.services[LIBRARY]
    (films,) = [volume for volume in service["volumes"] if volume["type"] == "bind"]
    assert films["target"] == "/srv/films"
    assert films["source"] == str(rendered.folder / "libraries/films")
    # True is what the loader leaves out; otherwise nothing would start for whoever has no films.
    assert films["bind"].get("create_host_path", True)
    assert not films.get("read_only")
    elsewhere = {**reading.IMAGES, "DARKROOM_LIBRARY_FILMS": "/mnt/films"}
    other = reading.load(rendered.folder / "compose.yaml", elsewhere)["services"][LIBRARY]
    assert ("/mnt/films", "/srv/films") in [(volume["source"], volume["target"]) for volume in other["volumes"]]
    given = {entry["target"]: entry["source"] for entry in service["configs"]}
    workflow = rendered.project["configs"][given["/etc/darkroom/library/films.json"]]["file"]
    assert Path(workflow).read_text() == (CHECKOUT / "workflows/films.json").read_text()
    assert json.loads(Path(workflow).read_text())["replace"] == {"allowed": False}


def test_a_library_leaves_the_cores_to_the_others_as_its_unit_does(rendered: Rendered) -> None:
    weights = {name: service["cpu_shares"] for name, service in rendered.services.items() if service.get("cpu_shares")}
    percent = int(unit(rendered, *LIBRARY.split("-", 1))["CPUWeight"])
    assert weights == {LIBRARY: 1024 * percent // 100}
    limits = [rendered.services[name]["deploy"]["resources"]["limits"] for name in (LIBRARY, "worker-worker-media-1")]
    assert limits[0] == limits[1]


def test_nodes_take_their_program_from_where_the_image_puts_silo(rendered: Rendered) -> None:
    dockerfile = (CHECKOUT / "ops/containers/Dockerfile").read_text()
    copied = re.search(r"^COPY --from=silo \S+ (\S+)$", dockerfile, re.MULTILINE)
    assert copied
    assert f'DARKROOM_MINIO="{copied[1]}"' in rendered.read("storage1", "etc/darkroom/storage.env")


def test_all_nodes_are_told_the_same(rendered: Rendered) -> None:
    assert len(hosted.nodes(rendered.of.cluster)) == 4
    assert len({rendered.read(f"storage{number}", "etc/darkroom/storage/pools.json") for number in range(1, 5)}) == 1


@pytest.mark.root
def test_as_it_is_typed(tmp_path: Path) -> None:
    inventory = tmp_path / "compose.toml"
    inventory.write_text((CHECKOUT / "compose.toml").read_text())
    shutil.copytree(CHECKOUT / "workflows", tmp_path / "workflows")
    command = [str(CHECKOUT / "ops/cluster"), "render", str(inventory), "--compose", str(tmp_path / "compose.yaml")]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "compose.yaml").read_text() == (CHECKOUT / "compose.yaml").read_text()
    for file in reading.load(tmp_path / "compose.yaml")["secrets"].values():
        facts = os.stat(file["file"])
        assert (facts.st_uid, facts.st_mode & 0o777) == (UID, 0o600)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"172.30.77.51"', '"172.30.78.51"'), "must be in 172.30.77.0/24"),
        (('"172.30.77.51"', '"172.30.77.1"'), "and not its first address"),
        (('roles = ["worker", ', 'roles = ["worker", "edge", '), "one host may have the role 'edge'"),
        (('["/srv/films"]', '["/srv/films", "/mnt/Films"]'), "would be one variable"),
        (("hosts.worker", "hosts.ops"), "the name of the container of the verbs"),
    ],
)
def test_hosts_that_can_be_no_containers_are_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    cluster = description.parse((CHECKOUT / "compose.toml").read_text().replace(*change), CHECKOUT)
    of = render.material(cluster, tmp_path / "compose", write.SILO)
    with pytest.raises(ValueError, match=re.escape(said)):
        compose.text(of, "./compose")
