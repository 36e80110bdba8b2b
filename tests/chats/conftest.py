"""An application, and two people in a chat."""

import pytest

from tests.chats.people import House, Person
from tests.stack import Stack


@pytest.fixture
def house(stack: Stack) -> House:
    return House(stack)


@pytest.fixture
def anna(house: House) -> Person:
    return house.person("anna")


@pytest.fixture
def ben(house: House) -> Person:
    return house.person("ben")


@pytest.fixture
def chat(house: House, anna: Person, ben: Person) -> str:
    return house.chat(anna, ben)
