"""The passing set of a public suite is pinned, through the listener for other programs, with TLS and without."""

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
REFUSED: dict[str, str] = {}
"""What this listener keeps from clients, by the name of the test."""


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
def test_functional_tests_of_minio_py(either: House, maker: Key, tmp_path: Path) -> None:
    settings = {
        "SERVER_ENDPOINT": either.url.partition("://")[2],
        "ACCESS_KEY": maker.access,
        "SECRET_KEY": maker.secret,
        "ENABLE_HTTPS": "1" if either.authority else "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    if either.authority:
        settings["SSL_CERT_FILE"] = str(either.authority)
    run = subprocess.run(
        [sys.executable, "-m", "tests.others.suite", str(suite.fetched(tmp_path))],
        env={"PATH": os.environ["PATH"], **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, str] = json.loads(run.stdout.splitlines()[-1])
    failed = {name: why for name, why in found.items() if why}
    assert failed.keys() == REFUSED.keys(), failed
    assert all(REFUSED[name] in failed[name] for name in REFUSED), failed
    assert len(found) >= 50
