"""Ways to be paid without a chain: none set up, an operator who marks, and no payment at all; and who is told of it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.chats.people import House
from tests.profiles.people import Author
from tests.stack import Stack
from tests.webhooks.receiver import Receiver, receiver

FORM = {"name": "Anna", "activity_hobbies": "Tee", "hashtags": "#go"}


class Set:
    """Settings of the appliance that all share, put back at the end."""

    def __init__(self, house: House) -> None:
        self._server, self._keys = house.server, set[str]()

    def __call__(self, key: str, value: str) -> None:
        self._keys.add(key)
        self._server.put(f"/settings/{key}", json={"value": value}).raise_for_status()

    def undo(self) -> None:
        for key in self._keys:
            self._server.delete(f"/settings/{key}").raise_for_status()


@pytest.fixture
def put(house: House) -> Iterator[Set]:
    settings = Set(house)
    yield settings
    settings.undo()


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def sent_in(anna: Author) -> dict[str, Any]:
    path = anna.upload("image", pictures.jpeg(320, 240))
    anna.ended(path)
    answer = anna.api.post("/profiles/", json={"profile_data": FORM, "image_data": {"image_path": path}})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def edition(anna: Author) -> dict[str, Any]:
    found: dict[str, Any] = anna.api.get("/profiles/mine").json()["edition"]
    return found


def decide(house: House, edition_id: str, *what: str) -> None:
    for one in what:
        house.server.post(f"/moderation/editions/{edition_id}/{one}").raise_for_status()


def test_while_nobody_has_said_how_nothing_passes_and_it_says_so(anna: Author, house: House, put: Set) -> None:
    edition_id = sent_in(anna)["edition"]["edition_id"]
    assert (edition(anna)["state"], edition(anna)["payment"]) == ("awaiting_payment", None)
    assert "payment_provider" in edition(anna)["reason"]
    assert house.server.post(f"/moderation/editions/{edition_id}/claim").status_code == 409
    put("payment_provider", "none")
    wait_for(lambda: edition(anna)["state"] == "in_review", 40)


def test_an_operator_marks_what_was_paid_and_each_reference_is_good_once(
    anna: Author, ben: Author, house: House, put: Set
) -> None:
    put("payment_provider", "manual")
    mine, others = sent_in(anna), sent_in(ben)
    paid = {"reference": f"invoice {anna.id}", "note": "by bank"}
    place = f"/profiles/{mine['profile_id']}/payment"
    assert anna.api.post(f"{place}/mark", json=paid).status_code == 403, "not by who is to pay"
    for _ in range(2):
        house.server.post(f"{place}/mark", json=paid).raise_for_status()
    wait_for(lambda: edition(anna)["state"] == "in_review")
    again = house.server.post(f"/profiles/{others['profile_id']}/payment/mark", json=paid)
    assert again.status_code == 409
    assert edition(ben)["state"] == "awaiting_payment"


def test_no_payment_is_a_word_of_the_operator_that_the_history_keeps(
    anna: Author, house: House, put: Set, receiving: Receiver
) -> None:
    project = Project(house.stack)
    hook = {"url": receiving.url, "events": ["profile"]}
    house.server.post(f"/projects/{project.id}/webhooks", json=hook).raise_for_status()
    put("profile_project", project.id)
    put("payment_provider", "none")
    told = sent_in(anna)
    edition_id = told["edition"]["edition_id"]
    assert told["edition"]["state"] == "in_review"
    passed = told["edition"]["history"][-1]
    assert (passed["state"], "payment_provider" in passed["reason"]) == ("in_review", True)
    assert told["edition"]["payment"]["status"] == "waived"
    changed = house.server.get("/settings/history").json()["history"]
    assert ("payment_provider", "none") in [(one["key"], one["new"]) for one in changed]

    assert httpx.get(f"{house.stack.url}/profiles/{told['profile_id']}").status_code == 404
    decide(house, edition_id, "claim", "approve", "approve")
    wait_for(lambda: edition(anna)["state"] == "published")
    steps = ["draft", "awaiting_payment", "in_review", "processing", "published"]
    page = anna.api.get("/notifications").json()["notifications"]
    assert [one["state"] for one in page if one["type"] == "profile"] == steps
    wait_for(lambda: len(receiving.sent) >= len(steps))
    pushed = [one.event for one in receiving.sent]
    assert [one["state"] for one in pushed] == steps
    assert {(one["user_id"], one["edition_id"]) for one in pushed} == {(anna.id, edition_id)}
    browsers = project.events()
    assert [set(one) & {"user_id", "reason"} for one in browsers if one["type"] == "profile"] == [set()] * len(steps)


def test_a_word_that_is_forbidden_is_told_with_why_and_a_doubtful_one_flagged(
    anna: Author, house: House, put: Set
) -> None:
    put("payment_provider", "none")
    for word, severity in (("плохословие", "block"), ("сомнительно", "review")):
        row = {"word": word, "severity": severity, "language": "ru"}
        assert house.server.post("/words/", json=row).status_code in (201, 409)
    path = anna.upload("image", pictures.jpeg(320, 240))
    anna.ended(path)
    body = {"image_data": {"image_path": path}}
    bad = anna.api.post("/profiles/", json=body | {"profile_data": FORM | {"hashtags": "#пл0хословие"}})
    assert bad.status_code == 400
    [error] = bad.json()["errors"]
    assert error["field"] == "hashtags"
    assert "плохословие" in error["message"]
    told = anna.api.post("/profiles/", json=body | {"profile_data": FORM | {"activity_hobbies": "всё сомнительно"}})
    assert told.status_code == 201, told.text
    shown = house.server.get(f"/moderation/editions/{told.json()['edition']['edition_id']}").json()
    assert [(flag["field"], flag["word"]) for flag in shown["flags"]] == [("activity_hobbies", "сомнительно")]


def test_a_deleted_user_leaves_nothing_of_a_profile(anna: Author, house: House, put: Set, stack: Stack) -> None:
    put("payment_provider", "none")
    told = sent_in(anna)
    decide(house, told["edition"]["edition_id"], "claim", "approve")
    wait_for(lambda: edition(anna)["state"] == "published")
    assert httpx.get(f"{stack.url}/profiles/{told['profile_id']}").status_code == 200
    assert house.server.delete(f"/users/{anna.id}").status_code == 204
    assert httpx.get(f"{stack.url}/profiles/{told['profile_id']}").status_code == 404
    wait_for(lambda: house.server.post("/users/", json={"name": "a", "id": anna.id}).status_code == 201, 60)


def test_so_many_changes_a_day_and_no_more(anna: Author, house: House, put: Set) -> None:
    put("profile_editions_a_day", "1")
    told = sent_in(anna)
    assert anna.api.delete(f"/profiles/{told['profile_id']}/edition").status_code == 204
    body = {"profile_data": FORM, "image_data": {"image_path": told["edition"]["media"]["image"]["path"]}}
    refused = anna.api.post("/profiles/", json=body)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_editions")
    put("profile_editions_a_day", "2")
    assert anna.api.post("/profiles/", json=body).status_code == 201


def test_a_token_of_a_project_is_nobodys_own_whoever_it_names(anna: Author, house: House, put: Set) -> None:
    told = sent_in(anna)
    project = Project(house.stack)
    for owner in ({"project_id": project.id}, {"user_id": told["profile_id"][:8]}):
        if "user_id" in owner:
            house.server.post("/users/", json={"name": "other", "id": owner["user_id"]}).raise_for_status()
        token = house.server.post("/tokens", json=owner | {"user": anna.id}).json()["token"]
        other = httpx.Client(base_url=house.stack.url, headers={"Authorization": f"Bearer {token}"})
        assert other.get("/profiles/mine").status_code in (403, 404)
        for place in ("", "/edition"):
            assert other.delete(f"/profiles/{told['profile_id']}{place}").status_code == 404
    assert edition(anna)["state"] == "awaiting_payment"
