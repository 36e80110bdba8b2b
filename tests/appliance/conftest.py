"""A project of its own for each test, and one of somebody else."""

import pytest

from tests.appliance.client import Project
from tests.stack import Stack


@pytest.fixture
def project(stack: Stack) -> Project:
    return Project(stack)


@pytest.fixture
def stranger(stack: Stack) -> Project:
    return Project(stack)
