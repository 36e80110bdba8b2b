"""An application, and somebody who is to have a profile."""

import pytest

from tests.chats.people import House
from tests.profiles.people import Author
from tests.stack import Stack


@pytest.fixture
def house(stack: Stack) -> House:
    return House(stack)


@pytest.fixture
def anna(house: House) -> Author:
    return Author(house.stack, house.server, "anna")


@pytest.fixture
def ben(house: House) -> Author:
    return Author(house.stack, house.server, "ben")
