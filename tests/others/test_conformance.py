"""The passing set of a public suite is pinned, through the listener for other programs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from minio import MinioAdmin
from minio.credentials import StaticProvider

from storage.keys import Key
from tests.daemons import minio
from tests.others import suite
from tests.others.conftest import House

KEY = Key("DK" + "SUITE".ljust(18, "A"), "a-secret-of-the-suite-alone")
"""Of the form that the listener lets in."""
FAIL = {
    # The server unpacks such archives without looking at who sends them: the listener lets none through.
    "test_upload_snowball_objects": "AccessDenied",
    "test_upload_snowball_objects_with_staging": "AccessDenied",
    # It takes 206 for a failure, where a range was asked for; the suite's own list leaves it out.
    "test_presigned_get_object_range": "Presigned GET object URL",
}
"""What must fail, and how; all the others must not."""


@pytest.fixture(scope="module")
def maker(storage: minio.Minio) -> Key:
    """A key that may do more than any of ours: the suite makes buckets, and changes how they are kept."""
    where, root = storage.url.removeprefix("http://"), StaticProvider(*minio.ROOT)
    admin = MinioAdmin(endpoint=where, credentials=root, secure=False, region="us-east-1")
    allowed = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}
    admin.policy_add(policy_name="suite", policy={"Version": "2012-10-17", "Statement": [allowed]})
    admin.user_add(access_key=KEY.access, secret_key=KEY.secret)
    admin.policy_set(policy_name="suite", user=KEY.access)
    return KEY


@pytest.mark.long
@pytest.mark.timeout(900)
def test_functional_tests_of_minio_py(plain: House, maker: Key, tmp_path: Path) -> None:
    settings = {
        "SERVER_ENDPOINT": plain.url.partition("://")[2],
        "ACCESS_KEY": maker.access,
        "SECRET_KEY": maker.secret,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    run = subprocess.run(
        [sys.executable, "-m", "tests.others.suite", str(suite.fetched(tmp_path))],
        env={"PATH": os.environ["PATH"], **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, str] = json.loads(run.stdout.splitlines()[-1])
    failed = {name: why for name, why in found.items() if why}
    assert failed.keys() == FAIL.keys(), failed
    assert all(FAIL[name] in failed[name] for name in FAIL), failed
    assert len(found) - len(failed) == 48
