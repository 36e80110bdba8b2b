"""A short soak for real: parts are killed, and the promise is kept."""

import json
import subprocess

import pytest

from tests.stack import CHECKOUT, environment


@pytest.mark.long
def test_a_minute_of_load_and_harm() -> None:
    command = [str(CHECKOUT / "ops" / "soak"), "--minutes", "1", "--seed", "3", "--json"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["holds"]
    assert told["acknowledged"] > 20
    assert len(told["kills"]) == 1
    assert told["verified"]["unexplained"] == 0
    assert "kill" in done.stderr
