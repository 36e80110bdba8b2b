"""The table of parts: complete, in order, and with no secret where it isn't needed."""

from pathlib import Path

import pytest

from ops import caddy, credentials, inventory, programs, services
from ops.addresses import Site
from ops.edge.caddyfile import BadValue
from ops.folder import DataFolder
from ops.services import Plan

pytestmark = pytest.mark.pure

PORTS = {"postgres": 20001, "valkey": 20002, "storage": 20003, "api": 20004}
ENVIRONMENT = {"PATH": "/usr/bin", "DARKROOM_IMAGE_WORKERS": "3", "DARKROOM_FORM_SECONDS": "60", "OTHER_SECRET": "x"}
ENVIRONMENT |= {"DARKROOM_KEY": "dk_of-a-client"}


@pytest.fixture
def make(tmp_path):
    def plan(environment=ENVIRONMENT, site=None):
        folder = DataFolder(tmp_path / "data")
        folder.make()
        ports = {name: PORTS[name] for name in (*services.embedded(environment), "api")}
        keys = credentials.load(folder, environment)
        where = services.find(environment, ports, keys)
        kinds = inventory.ON_ONE_MACHINE - (set(services.EMBEDDED) - set(services.embedded(environment)))
        called = programs.here(folder, Path("/opt/minio"))
        return Plan(folder, site or Site(), ports, keys, where, called, Path("/opt/darkroom"), kinds)

    return plan


def rows(plan, environment=ENVIRONMENT):
    return {part.name: part for part in inventory.parts(plan, environment)}


def test_every_part_is_there_after_what_it_needs(make):
    found = rows(make())
    workers = [*(f"worker-images-{number}" for number in (1, 2, 3)), "worker-media-1", "worker-backfill-1"]
    backends = ["postgres", "valkey", "storage", "ledger", "buckets"]
    assert list(found) == [*backends, "api", "intake", "webhooks", "caretaker", *workers, "edge"]
    seen: set[str] = set()
    for name, part in found.items():
        assert set(part.after) <= seen, name
        seen.add(name)


def test_every_command_names_the_data_folder(make):
    plan = make()
    for part in rows(plan).values():
        assert str(plan.folder.path) in " ".join(part.argv), part.name


def test_no_secret_in_any_command(make):
    plan = make()
    secrets = [value.rpartition(":")[2] for value in plan.credentials.__dict__.values()]
    for part in rows(plan).values():
        assert not [secret for secret in secrets if secret in " ".join(part.argv)], part.name


def test_a_process_gets_only_the_keys_it_uses(make):
    plan = make()
    found = rows(plan)
    holders = {
        "storage_root": {"storage", "buckets", "caretaker"},
        "uploader": {"api", "buckets"},
        "reader": {"api", "buckets", "webhooks"},
        "worker": {
            "buckets",
            "intake",
            "caretaker",
            "worker-images-1",
            "worker-images-2",
            "worker-images-3",
            "worker-media-1",
            "worker-backfill-1",
        },
        "token": {"api"},
    }
    for key, allowed in holders.items():
        secret = getattr(plan.credentials, key).rpartition(":")[2]
        assert {name for name, part in found.items() if secret in " ".join(part.env.values())} == allowed, key


def test_nothing_of_the_environment_but_what_is_meant(make):
    found = rows(make())
    assert found["api"].env["DARKROOM_FORM_SECONDS"] == "60"
    assert found["api"].env["DARKROOM_PUBLIC_URLS"] == "http://127.0.0.1:8080 http://localhost:8080"
    assert not [name for name, part in found.items() if {"OTHER_SECRET", "DARKROOM_KEY"} & set(part.env)]


def test_an_external_part_takes_the_place_of_ours(make):
    environment = {
        **ENVIRONMENT,
        "DARKROOM_DATABASE_URL": "postgresql://darkroom:long-enough@db.lan/darkroom",
        "DARKROOM_VALKEY_URL": "redis://:long-enough@queue.lan:6380/0",
        "DARKROOM_STORAGE_URL": "http://s3.lan:9000",
        "DARKROOM_WORKER_KEY": "their-worker:long-enough",
    }
    plan = make(environment)
    found = rows(plan, environment)
    assert not {"postgres", "valkey", "storage", "buckets", "caretaker"} & set(found)
    assert found["api"].env["DARKROOM_DATABASE_URL"] == environment["DARKROOM_DATABASE_URL"]
    assert found["intake"].env["DARKROOM_WORKER_KEY"] == "their-worker:long-enough"
    assert plan.services.valkey_address() == ("queue.lan", 6380, "long-enough")


@pytest.mark.parametrize(
    "given",
    [
        {"DARKROOM_DATABASE_URL": "postgresql://postgres:postgres@db.lan/darkroom"},
        {"DARKROOM_STORAGE_URL": "http://s3.lan", "DARKROOM_STORAGE_ROOT": "minioadmin:minioadmin"},
    ],
)
def test_default_passwords_are_refused(make, given):
    with pytest.raises(credentials.DefaultPassword) as refused:
        make({**ENVIRONMENT, **given})
    assert "minioadmin" not in str(refused.value)


def test_etags_are_md5_only_where_other_programs_compare_them(make):
    for site, without in ((Site(), True), (Site(s3_port=9000), False)):
        assert ("--no-compat" in rows(make(site=site))["storage"].argv) is without


ELSEWHERE = {
    "DARKROOM_STORAGE_URL": "https://s3.lan",
    "DARKROOM_STORAGE_BUCKET": "photos",
    **dict.fromkeys(("DARKROOM_UPLOADER_KEY", "DARKROOM_READER_KEY", "DARKROOM_WORKER_KEY"), "AKID:long-enough"),
}


def test_on_the_s3_of_others_nothing_looks_after_storage_and_all_know_where_it_is(make):
    environment = ENVIRONMENT | ELSEWHERE | {"DARKROOM_STORAGE_ROOT": "root:of-nobody-here"}
    found = rows(make(environment), environment)
    assert not {"storage", "buckets", "caretaker"} & found.keys()
    for name in ("api", "intake", "webhooks", "worker-images-1", "worker-media-1"):
        told = {part: found[name].env[f"DARKROOM_STORAGE_{part}"] for part in ("URL", "BUCKET", "REGION")}
        assert told == {"URL": "https://s3.lan", "BUCKET": "photos", "REGION": "us-east-1"}


def test_the_s3_of_others_is_not_opened_to_other_programs(make):
    environment = ENVIRONMENT | ELSEWHERE
    assert "s3.lan:443" in caddy.configuration(make(environment), environment)
    with pytest.raises(BadValue, match="--s3-port 0 closes it"):
        caddy.configuration(make(environment, Site(s3_port=9000)), environment)
