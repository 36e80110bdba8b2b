"""Parts killed while profiles go through the gates: whatever dies, each comes to its end by every step, once."""

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.appliance.client import wait_for
from tests.chats.people import House
from tests.faults.parts import kill, wait_well
from tests.faults.uploads import photo
from tests.profiles.people import Author
from tests.stack import Stack

PARTS = ("api", "intake", "postgres", "valkey")
STEPS = ["draft", "awaiting_payment", "in_review", "processing", "published"]
FORM = {"name": "Anna", "activity_hobbies": "Tee", "hashtags": "#go"}


@pytest.fixture
def house(mortal: Stack) -> House:
    wait_well(mortal)
    house = House(mortal)
    assert house.server.put("/settings/payment_provider", json={"value": "manual"}).status_code == 200
    assert house.server.post("/settings/sync").status_code == 200
    return house


class Applicant(Author):
    """Who wants to be seen, and those who act on it, however often that takes."""

    def __init__(self, house: House, name: str) -> None:
        super().__init__(house.stack, house.server, name)
        self.server = house.server
        self.ended = False

    def insist(self, ask: Callable[[], httpx.Response], *enough: int) -> httpx.Response:
        """Asks until the answer is good, or says that it was done before."""
        limit = time.monotonic() + 120
        while time.monotonic() < limit:
            try:
                answer = ask()
            except httpx.TransportError:
                continue
            if answer.is_success or answer.status_code in enough:
                return answer
            assert answer.status_code in (404, 409, 429, 502, 503), answer.text
            time.sleep(0.2)
        raise AssertionError("it was never answered")

    def edition(self) -> dict[str, Any]:
        found: dict[str, Any] = self.insist(lambda: self.api.get("/profiles/mine")).json()["edition"]
        return found

    def reaches(self, *states: str) -> None:
        wait_for(lambda: self.edition()["state"] in states, 90)

    def goes(self, picture: bytes) -> None:
        """The whole way."""
        link = self.insist(
            lambda: self.api.post("/profiles/uploads", json={"role": "image", "filename": "a.jpg"})
        ).json()
        self.insist(lambda: self.fill(link, picture))
        wait_for(lambda: self.insist(lambda: self.api.get(link["path"])).json()["state"] == "done", 90)
        body = {"profile_data": FORM, "image_data": {"image_path": link["path"]}}
        self.insist(lambda: self.api.post("/profiles/", json=body), 409)
        self.reaches("awaiting_payment")
        profile, edition = self.insist(lambda: self.api.get("/profiles/mine")).json()["profile_id"], self.edition()
        paid = {"reference": edition["edition_id"]}
        self.insist(lambda: self.server.post(f"/profiles/{profile}/payment/mark", json=paid))
        self.reaches("in_review")
        place = f"/moderation/editions/{edition['edition_id']}"
        self.insist(lambda: self.server.post(f"{place}/claim"))
        self.insist(lambda: self.server.post(f"{place}/approve"))
        self.reaches("published")
        self.ended = True


def test_each_part_killed_at_each_gate(house: House, seed: int) -> None:
    assert _kills(house, random.Random(seed), 3, 1) == 3


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_parts_killed_again_and_again(house: House, seed: int) -> None:
    assert _kills(house, random.Random(seed), 12, 6) == 12


def _kills(house: House, chance: random.Random, people: int, rounds: int) -> int:
    """So many go the whole way at once, while each part is killed so often; how many have come to its end, by each step
    once.
    """
    applicants = [Applicant(house, f"p{number}") for number in range(people)]
    pictures = [photo(f"{applicant.id}") for applicant in applicants]
    ways = [threading.Thread(target=a.goes, args=(p,)) for a, p in zip(applicants, pictures, strict=True)]
    for way in ways:
        way.start()
    for part in chance.sample(PARTS * rounds, len(PARTS) * rounds):
        time.sleep(chance.uniform(0, 1.5))
        kill(house.stack, part)
    for way in ways:
        way.join(300)
    wait_well(house.stack)
    for applicant in applicants:
        history = [step["state"] for step in applicant.edition()["history"]]
        assert history == STEPS, "each step once"
        events = applicant.api.get(f"/users/{applicant.id}/events?after=0").json()["events"]
        assert [event["state"] for event in events if event["type"] == "profile"] == STEPS
        seen = [event["seq"] for event in events]
        assert seen == list(range(1, len(seen) + 1))
    found = json.loads(house.stack.verb("verify", "--json", "--grace", "0").stdout)
    assert (found["missing"], found["damaged"]) == (0, 0), found
    return sum(applicant.ended for applicant in applicants)
