"""Workflows: what is written there is understood, or told to be wrong by the name of its field."""

import json
import re
from typing import Any

import msgspec
import pytest

from appliance.library.workflow import Loss, Rules, Unfit, read, schema
from processors.profiles import PROFILES
from processors.video.codec import Codec
from processors.video.settings import Settings
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure
LEAST: dict[str, Any] = {"name": "Films", "source": {"folder": "/srv/films"}, "target": {"codec": "h265"}}

BUCKET = {"bucket": "films", "key_file": "films.key"}


def changed(path: str, value: Any) -> bytes:
    """The least workflow with another value at a path such as `source.folder`."""
    made = json.loads(json.dumps(LEAST))
    *ways, last = path.split(".")
    place = made
    for way in ways:
        place = place.setdefault(way, {})
    place[last] = value
    return json.dumps(made).encode()


def test_the_least() -> None:
    workflow = read(json.dumps(LEAST).encode())
    assert workflow.rules == Rules()
    assert workflow.source.extensions == PROFILES["video"].extensions
    assert workflow.target.bit_rate(1080) == Settings().bit_rate(1080)


def test_the_example_of_the_readme() -> None:
    section = (CHECKOUT / "README.md").read_text().split("\n## Library\n")[1].split("\n## ")[0]
    workflow = read(re.findall(r"```json\n(.*?)```", section, re.DOTALL)[0].encode())
    assert workflow.target.codec is Codec.H265


def test_bit_rates_are_in_the_order_of_lines() -> None:
    target = read(changed("target.bit_rates", {"2160": "8M", "720": "1.5M"})).target
    assert [target.bit_rate(lines) for lines in (480, 1080, 4320)] == [1_500_000, 8_000_000, 8_000_000]
    assert msgspec.structs.replace(target, most_lines=720).bit_rate(2160) == 1_500_000


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("plan", {}, "unknown field `plan`"),
        ("schedule.hours", ["22-6"], "schedule: hours: expected hours such as 22:00-06:00"),
        ("schedule.scan", "daily", "schedule: scan: expected a duration"),
        ("replace.keep", "a month", "replace: keep: expected a duration"),
        ("replace.allowed", "yes", "replace.allowed: "),
        ("verify.least_vmaf", 101, "verify.least_vmaf: "),
        ("limits.nice", -1, "limits.nice: "),
        ("limits.least_free", "some", "limits: least_free: expected a size"),
        ("courtesy.heal", True, "courtesy: Object contains unknown field `heal`"),
        ("rules.codec", ["h264"], "rules: Object contains unknown field `codec`"),
        ("source.folder", "films", "source: folder: expected an absolute path"),
        ("source.folder", "/srv\0", "source: folder: expected an absolute path"),
        ("source.bucket", "films", "source: it has either a folder or a bucket"),
        ("source.prefix", "old/", "source: prefix: it is of buckets, and a folder is named"),
        ("source", {}, "source: it has either a folder or a bucket"),
        ("source", {"bucket": "films"}, "source: key_file: expected the name of a file beside the workflow"),
        ("source", BUCKET | {"key_file": "/etc/key"}, "source: key_file: expected the name of a file beside"),
        ("source", BUCKET | {"bucket": "Films"}, "source: bucket: expected the name of a bucket"),
        ("source", BUCKET | {"prefix": "old"}, "source: prefix: expected what keys begin with, as old/"),
        ("source", BUCKET | {"prefix": ".darkroom/kept/"}, "source: prefix: originals that were replaced lie there"),
        ("source", BUCKET | {"endpoint": "http://a:b@s3.lan"}, "source: endpoint: expected the address of an S3"),
        ("source", BUCKET | {"follow_links": True}, "source: follow_links: it is of folders"),
        ("source.settled", "soon", "source: settled: expected a duration"),
        ("source.settled", 600, "source.settled: Expected `str`"),
        ("source.extensions", [], "source.extensions: "),
        ("source.extensions", ["mkv", "tar.gz"], "source.extensions[1]: "),
        ("target.codec", "theora", "target.codec: Invalid enum value 'theora'"),
        ("target.most_lines", 0, "target.most_lines: "),
        ("target.bit_rates", {"1080": "4MB"}, "target: bit_rates, 1080: expected bits a second"),
        ("target.bit_rates", {"1080": "4k"}, "target: bit_rates, 1080: expected 100k bits a second"),
        ("target.bit_rates", {"high": "4M"}, "target.bit_rates: "),
        ("rules.least_size", "big", "rules: least_size: expected a size"),
        ("rules.least_age", "", "rules: least_age: expected a duration"),
        ("rules.least_bit_rate", "-1", "rules: least_bit_rate: expected bits a second"),
        ("rules.least_saving", 101, "rules.least_saving: "),
        ("rules.accept", ["everything"], "rules.accept[0]: Invalid enum value"),
        ("limits.at_once", 0, "limits.at_once: "),
        ("target.sound", {"codec": "mp3"}, "target.sound.codec: "),
        ("target.sound", {"channel_rate": "loud"}, "target.sound: channel_rate: expected bits a second"),
        ("target.subtitles", ["english"], "target.subtitles[0]: "),
        ("name", "", "name: "),
    ],
)
def test_what_is_wrong_is_told_by_its_field(path: str, value: Any, said: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(changed(path, value))
    assert said in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [(b"{", "no JSON"), (b"\xff", "no JSON"), (b"[]", "Expected `object`")])
def test_what_is_no_workflow_at_all(text: bytes, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        read(text)


def test_a_bucket_is_a_source_and_no_password_is_shown() -> None:
    source = read(changed("source", BUCKET | {"prefix": "old/", "endpoint": "https://s3.lan:9000"})).source
    assert source.where == "films/old/"
    assert json.loads(msgspec.json.encode(source)).keys() == {"bucket", "prefix", "key_file", "endpoint"}
    with pytest.raises(Unfit) as caught:
        read(changed("source", BUCKET | {"endpoint": "https://me:hidden@s3.lan"}))
    assert "hidden" not in str(caught.value)
    assert schema()["$defs"]["Source"]["oneOf"] == [{"required": ["folder"]}, {"required": ["bucket", "key_file"]}]


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(Unfit, match="missing required field `target`"):
        read(json.dumps({"name": "x", "source": {"folder": "/x"}}).encode())


def test_the_schema_refuses_what_is_refused_here() -> None:
    made = schema()["$defs"]
    assert {name for name, one in made.items() if one.get("additionalProperties") is False} == {
        *("Workflow", "Source", "Rules", "Target", "Limits"),
        *("Verification", "Replacement", "Schedule", "Courtesy", "Sound", "Use"),
    }
    assert set(made["Loss"]["enum"]) == set(Loss)
    assert made["Workflow"]["required"] == ["name", "source", "target"]
    assert made["Source"]["properties"]["settled"]["default"] == "10m"


def test_the_hash_is_that_of_what_was_read_back() -> None:
    """Else what was decided by it would be decided anew after each time that the ledger has it."""
    workflow = read(changed("verify", {"least_vmaf": 20}))
    kept = json.dumps(json.loads(msgspec.json.encode(workflow)))
    assert read(kept.encode()).hash() == workflow.hash()
    assert read(json.dumps(LEAST).encode()).hash() != workflow.hash()
