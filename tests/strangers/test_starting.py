"""`./ops/up` on an S3 that will not do, or is not there yet: what it says, and how it ends."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.daemons.process import free_port
from tests.daemons.seaweed import SECRET
from tests.ops import processes
from tests.stack import Stack


@pytest.fixture
def fresh() -> Iterator[Stack]:
    """An appliance that has never been started."""
    made = Stack()
    yield made
    made.close()


def test_a_wrong_key_is_said_by_the_name_of_its_variable(fresh, weed):
    fresh._environment |= weed.settings("never") | {"AWS_SECRET_ACCESS_KEY": "another/secret"}
    refused = fresh.verb("up", "--detach", "--port", str(fresh.port))
    assert refused.returncode == 1
    assert "finds that AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "another/secret" not in refused.stderr + refused.stdout
    assert not processes.serving(fresh.data)


def test_half_of_it_is_refused_before_anything_starts(fresh, weed):
    settings = weed.settings("never")
    del settings["AWS_SECRET_ACCESS_KEY"]
    fresh._environment |= settings
    refused = fresh.verb("up", "--detach", "--port", str(fresh.port))
    assert refused.returncode == 1
    assert "S3_BUCKET is set, and AWS_SECRET_ACCESS_KEY must be set too" in refused.stderr
    assert SECRET not in refused.stderr


@pytest.mark.long
def test_one_that_is_away_is_waited_for_until_somebody_has_enough(fresh, weed):
    port = free_port()
    fresh._environment |= weed.settings("never") | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    command = [str(fresh.checkout / "ops" / "up"), "--port", str(fresh.port), "--data", str(fresh.data)]
    with subprocess.Popen(
        command, env=fresh._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as up:
        seen = ""
        for line in up.stdout:
            seen += line
            if "does not answer" in line:
                break
        assert f"the S3 at http://127.0.0.1:{port} does not answer" in seen
        up.send_signal(signal.SIGINT)
        seen += up.stdout.read()
    assert up.returncode == 130, seen
    assert "Traceback" not in seen
    assert not processes.serving(fresh.data)
