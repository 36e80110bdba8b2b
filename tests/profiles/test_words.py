"""The list of forbidden words as people edit it, and what it does to forms, in every process of the API at once."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.appliance.client import Project, wait_for
from tests.chats.people import House
from tests.stack import Stack

WORD = "заглушка"
TIMES = 12  # one answer says nothing of the other processes


@pytest.fixture
def server(stack: Stack) -> Iterator[httpx.Client]:
    """An administrator, who leaves the list as it was."""
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=30) as client:
        before = {one["id"] for one in listed(client)}
        yield client
        for one in listed(client):
            if one["id"] not in before:
                assert client.delete(f"/words/{one['id']}").status_code == 204


def listed(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = 0
    while cursor is not None:
        page = client.get("/words/", params={"limit": 50, "cursor": cursor, **asked}).json()
        found += page["words"]
        cursor = page["next_cursor"]
    return found


def validated(stack: Stack, **form: Any) -> httpx.Response:
    """On a connection of its own, so that any process may answer."""
    headers = {"Authorization": f"Bearer {stack.key}"}
    return httpx.post(f"{stack.url}/profiles/validate", json={"name": "Anna", **form}, headers=headers)


def test_a_change_holds_in_all_processes_within_a_second(stack: Stack, server: httpx.Client) -> None:
    def answers(text: str) -> set[int]:
        return {validated(stack, activity_hobbies=text).status_code for _ in range(TIMES)}

    assert answers(WORD) == {200}
    made = server.post("/words/", json={"word": WORD, "language": "ru"})
    assert made.status_code == 201, made.text
    wait_for(lambda: answers(WORD) == {400}, 1)
    assert answers("за.глу.шка") == {400}
    path = f"/words/{made.json()['id']}"
    body = {"word": WORD, "pattern": "заглушк*, !заглушками", "severity": "review", "language": "ru"}
    assert server.put(path, json=body).json()["pattern"] == body["pattern"]
    wait_for(lambda: answers(WORD) == {200}, 1)
    told = validated(stack, activity_hobbies="ох уж эти зaглушки").json()
    [flag] = told["flags"]
    assert {name: flag[name] for name in ("field", "found", "word", "language", "severity", "tricks")} == {
        "field": "activity_hobbies",
        "found": "зaглушки",
        "word": WORD,
        "language": "ru",
        "severity": "review",
        "tricks": ["letters of another alphabet"],
    }
    assert "зaглушки" in flag["why"]
    assert "pattern" not in flag, "how to write round it is for the operator to know"
    assert validated(stack, activity_hobbies="с заглушками").json()["flags"] == []
    assert server.delete(path).status_code == 204
    wait_for(lambda: not validated(stack, activity_hobbies=WORD).json()["flags"], 1)
    for again in (server.delete(path), server.put(path, json=body)):
        assert again.status_code == 404
    entries = [one for one in server.get("/settings/history").json()["history"] if one["key"] == f"ru {WORD}"]
    assert [(one["who"], one["via"], one["action"], one["layer"]) for one in entries] == [
        ("tests", "api", "unset", "words"),
        ("tests", "api", "set", "words"),
        ("tests", "api", "set", "words"),
    ]
    assert (entries[1]["old"], entries[1]["new"]) == ("block ", "review заглушк*, !заглушками")


def test_all_that_is_wrong_with_a_form_is_told_with_what_was_found(stack: Stack) -> None:
    answer = validated(stack, name="Дж0н F.u.c.k", url="ftp://a.example", hashtags="#ok #сyка", activity_hobbies="ok")
    assert answer.status_code == 400
    told = {one["field"]: one["message"] for one in answer.json()["errors"]}
    assert set(told) == {"name", "url", "hashtags"}
    assert "http" in told["url"]
    assert "letters of two alphabets" in told["hashtags"]
    assert "“F.u.c.k”" in told["name"]
    assert "letters set apart" in told["name"]
    good = validated(
        stack, name="Анна", url="пример.рф", hashtags="#Gaming travel", activity_hobbies="Scunthorpe, хлеб"
    )
    assert good.json() == {
        "values": {
            "name": "Анна",
            "url": "https://пример.рф",
            "activity_hobbies": "Scunthorpe, хлеб",
            "hashtags": ["gaming", "travel"],
            "is_incognito": False,
        },
        "flags": [],
    }


def test_what_can_be_no_word_is_refused_with_every_field(server: httpx.Client) -> None:
    wrong = {"word": " ", "pattern": "a**b", "severity": "kill", "language": "1"}
    refused = server.post("/words/", json=wrong)
    assert refused.status_code == 400
    assert {one["field"] for one in refused.json()["errors"]} == {"word", "pattern", "severity", "language"}
    for pattern in ("!innocent", "*a*", "(" + "a|" * 4001 + ")b", "a .. ", "a|b", ", ,", "a b c d e f g", "x" * 9000):
        assert server.post("/words/", json={"word": "w", "pattern": pattern}).status_code == 400, pattern
    assert server.post("/words/", json={"word": "twice"}).status_code == 201
    assert server.post("/words/", json={"word": "twice"}).status_code == 409
    assert server.post("/words/", json={"word": "twice", "language": "de"}).status_code == 201


def test_the_list_is_for_administrators(stack: Stack, server: httpx.Client) -> None:
    assert {one["language"] for one in listed(server)} == {"en", "ru"}
    assert {one["language"] for one in listed(server, language="ru")} == {"ru"}
    plain = stack.verb("apikey", "create", "plain-words").stdout.strip()
    for key in (plain, Project(stack).token, House(stack).person("anna").api.headers["authorization"].split()[1]):
        headers = {"Authorization": f"Bearer {key}"}
        for method, path in (("GET", "/words/"), ("POST", "/words/"), ("PUT", "/words/1"), ("DELETE", "/words/1")):
            answer = httpx.request(method, stack.url + path, headers=headers, json={"word": "x"})
            assert answer.status_code == 403, (method, answer.text)


def test_the_command_edits_and_tests_the_list(stack: Stack, server: httpx.Client) -> None:
    word = f"слово{uuid4().hex[:6]}"
    added = stack.verb("words", "add", word, "--pattern", f"{word}*", "--severity", "review", "--language", "ru")
    assert added.returncode == 0, added.stderr
    assert f"review  ru  {word}: {word}*" in added.stdout
    same = json.loads(stack.verb("words", "add", f" {word} ", "--language", "RU", "--json").stdout)
    assert (same["severity"], same["pattern"]) == ("review", f"{word}*"), "what is not named stays"
    stricter = json.loads(stack.verb("words", "add", word, "--severity", "block", "--language", "ru", "--json").stdout)
    assert (stricter["severity"], stricter["pattern"]) == ("block", f"{word}*")
    assert stricter in listed(server)
    tested = stack.verb("words", "test", f"ну и {word.upper()}!", "--json")
    [hit] = json.loads(tested.stdout)
    assert (tested.returncode, hit["found"], hit["word"], hit["severity"]) == (3, word.upper(), word, "block")
    removed = stack.verb("words", "remove", word, "--language", "Ru")
    assert removed.returncode == 0, removed.stderr
    innocent = stack.verb("words", "test", f"ну и {word}")
    assert (innocent.returncode, innocent.stdout) == (0, "nothing found\n")
