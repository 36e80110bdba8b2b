"""A whole appliance with a way for other programs: opened by up, used by bucket and key, and closed again."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.daemons.process import free_port
from tests.ops import processes
from tests.stack import Stack


@pytest.fixture(scope="module")
def own() -> Iterator[tuple[Stack, int]]:
    stack, port = Stack(), free_port()
    try:
        assert f"Other programs reach S3 at http://127.0.0.1:{port}" in stack.up("--s3-port", str(port))
        yield stack, port
    finally:
        stack.close()


def ran(stack: Stack, verb: str, *arguments: str, code: int = 0) -> str:
    """What a verb printed, once it has ended with `code`."""
    done = stack.verb(verb, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 and done.stdout else done.stderr


def client(printed: str) -> Any:
    values = dict(line.split("=", 1) for line in printed.splitlines())
    return boto3.client(
        "s3",
        endpoint_url=values["AWS_ENDPOINT_URL"],
        region_name=values["AWS_REGION"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def listening(stack: Stack) -> set[int]:
    """Ports that anything of it listens on. Fails if one of them can be reached from elsewhere."""
    found = processes.sockets(processes.tree(stack.status()["supervisor"]))
    assert {address for _, address, _ in found} <= {"127.0.0.1", "::1"}
    return {port for _, _, port in found}


@pytest.mark.long
def test_from_a_bucket_to_its_end(own: tuple[Stack, int]) -> None:
    stack, port = own
    assert listening(stack) == {int(part["port"] or 0) for part in _parts(stack)} | {port}
    assert stack.status()["s3"] == f"http://127.0.0.1:{port}"

    ran(stack, "bucket", "create", "films", "--quota", "500G")
    assert "can't be a bucket" in ran(stack, "bucket", "create", "originals", "--quota", "1G", code=1)
    written, read = (
        ran(stack, "key", "create", "--bucket", "films"),
        ran(stack, "key", "create", "--bucket", "films", "--read-only"),
    )
    writer, reader = client(written), client(read)
    writer.put_object(Bucket="films", Key="one", Body=b"1")
    assert reader.get_object(Bucket="films", Key="one")["Body"].read() == b"1"
    assert refusal(reader.put_object, Bucket="films", Key="two", Body=b"2") == "AccessDenied"
    assert refusal(writer.list_objects_v2, Bucket="originals") == "AccessDenied"

    project = Project(stack)
    assert project.ended(project.upload(pictures.jpeg(300, 200)))["state"] == "done"
    assert "unexplained object versions 0" in ran(stack, "verify")

    keys = json.loads(ran(stack, "key", "list", "--json"))
    assert sorted((key["bucket"], key["read_only"]) for key in keys) == [("films", False), ("films", True)]
    secrets = [printed.partition("SECRET_ACCESS_KEY=")[2].partition("\n")[0] for printed in (written, read)]
    shown = ran(stack, "key", "list") + ran(stack, "bucket", "list") + json.dumps(keys)
    assert not [secret for secret in secrets if secret in shown]
    for log in (stack.data / "logs").iterdir():
        assert not [secret for secret in secrets if secret in log.read_text()], log

    access = next(key["access"] for key in keys if key["read_only"])
    assert "--yes" in ran(stack, "key", "revoke", access, code=1)
    assert reader.head_bucket(Bucket="films")
    ran(stack, "key", "revoke", access, "--yes")
    assert refusal(reader.list_objects_v2, Bucket="films") == "InvalidAccessKeyId"

    ran(stack, "bucket", "quota", "films", "--quota", "2T")
    [bucket] = json.loads(ran(stack, "bucket", "list", "--json"))
    assert (bucket["name"], bucket["quota"]) == ("films", 2 * 10**12)
    assert "--yes" in ran(stack, "bucket", "delete", "films", code=1)
    assert writer.head_bucket(Bucket="films")
    ran(stack, "bucket", "delete", "films", "--yes")
    assert refusal(writer.list_objects_v2, Bucket="films") == "InvalidAccessKeyId"
    assert json.loads(ran(stack, "bucket", "list", "--json")) == json.loads(ran(stack, "key", "list", "--json")) == []


def _parts(stack: Stack) -> list[dict[str, Any]]:
    parts = [{"port": (part["address"] or ":0").rpartition(":")[2]} for part in stack.status()["parts"]]
    return [part for part in parts if part["port"] != "0"]


@pytest.mark.long
def test_writes_end_before_the_drives_are_full_and_uploads_go_on(own: tuple[Stack, int]) -> None:
    stack, port = own
    ran(stack, "bucket", "create", "music", "--quota", "1G")
    writer = client(ran(stack, "key", "create", "--bucket", "music"))
    writer.put_object(Bucket="music", Key="one", Body=b"1")
    stack.down()
    stack._environment["DARKROOM_S3_FREE_PERCENT"] = "100"  # more than any drive has
    stack.up()
    project = Project(stack)
    full = stack.data / "edge" / "s3" / "full"
    wait_for(full.exists, 30)
    assert refusal(writer.put_object, Bucket="music", Key="two", Body=b"2") == "XMinioStorageFull"
    assert writer.get_object(Bucket="music", Key="one")["Body"].read() == b"1"
    assert project.ended(project.upload(pictures.jpeg(300, 200)))["state"] == "done"
    writer.delete_object(Bucket="music", Key="one")
    del stack._environment["DARKROOM_S3_FREE_PERCENT"]

    stack.down()
    stack.up("--s3-port", "0")
    assert port not in listening(stack)
    assert stack.status()["s3"] is None
    assert "--s3-port" in ran(stack, "bucket", "create", "dark", "--quota", "1G")


def test_verbs_say_what_to_do_where_nothing_runs(tmp_path: Any) -> None:
    stack = Stack()
    for words in (("bucket", "list"), ("key", "list")):
        assert "./ops/up" in ran(stack, *words, code=1)
    for words in (("bucket", "create", "films"), ("bucket", "create", "films", "--quota", "much")):
        assert "Traceback" not in ran(stack, *words, code=2)
