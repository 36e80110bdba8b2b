"""What the board is asked of: the appliance that all tests of the session share, and its operator."""

from collections.abc import Iterator

import pytest

from tests.appliance.client import Project
from tests.stack import Stack

CHANGED = ("images_paused", "images_at_once", "media_at_once", "develop_seconds")


@pytest.fixture
def project(stack: Stack) -> Iterator[Project]:
    """A project of its own, whose `server` is an admin's; the lanes are afterwards as they were."""
    made = Project(stack)
    yield made
    for key in CHANGED:
        assert made.server.delete(f"/settings/{key}").status_code in (204, 404)
