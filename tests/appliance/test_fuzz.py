"""The API fuzzed from its own description: no fault of ours, nothing open that should not be, no answer undescribed."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.appliance import pictures
from tests.appliance.client import Project
from tests.appliance.settings import wait_in_force
from tests.appliance.test_access import PUBLIC
from tests.daemons.process import free_port
from tests.faults.parts import WORKERS
from tests.stack import Stack

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A few of each operation by default; `./ops/test --long` runs the same with many.
A_FEW_LESS, FEW, MANY = 3, 12, 400


def fuzzed(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=examples != MANY,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(autouse=True)
def _settings_are_as_they_were(stack: Stack) -> Iterator[None]:
    """Who fuzzes also takes back the last change of a setting, which is that a test before unset what it had set."""
    yield
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=30) as server:
        set_by_hand = [one["key"] for one in server.get("/settings").json()["settings"] if one["from"] == "database"]
        for key in set_by_hand:
            assert server.delete(f"/settings/{key}").status_code == 204
    for part in (*WORKERS, "worker-media-1") if set_by_hand else ():
        wait_in_force(stack, part)


@pytest.fixture(scope="module")
def known(stack: Stack) -> dict[str, Any]:
    """What there is: a project with a photo that is done, so that not everything fuzzed is unknown."""
    project = Project(stack)
    image = project.upload(pictures.jpeg(200, 150))
    project.ended(image)
    # Nobody is there, so each delivery fails.
    url = f"http://127.0.0.2:{free_port()}/"
    webhook = project.server.post(f"/projects/{project.id}/webhooks", json={"url": url}).json()["id"]
    project.link()
    found = {
        "project_id": project.id,
        "owner_id": project.id,
        "root": "projects",
        "name": "images",
        "file_id": image,
        "asset_id": image,
        "webhook_id": webhook,
    }
    return found | {"token": project.token}


@pytest.fixture(scope="module")
def description(stack: Stack) -> Any:
    return schemathesis.openapi.from_url(f"{stack.url}/openapi.json")


def fuzz(description: Any, examples: int, play: Callable[[Any], None]) -> str:
    """Plays so many cases of each operation; what was found of every one of them, nothing if all is well."""
    found: list[str] = []
    for result in description.get_all_operations():
        operation = result.ok()
        try:
            _played(operation, examples, play)
        except (Exception, FailureGroup) as error:
            found.append(f"{operation.label}: {error}")
    return "\n\n".join(found)


def _played(operation: Any, examples: int, play: Callable[[Any], None]) -> None:
    @fuzzed(examples)
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        play(case)

    each()


def judged(case: Any, credential: str) -> Response:
    answer = case.call(headers={"Authorization": f"Bearer {credential}"}, timeout=20)
    case.validate_response(answer, checks=CHECKS)
    return answer


def test_whatever_is_asked_is_answered_as_described(description: Any, stack: Stack) -> None:
    assert not fuzz(description, A_FEW_LESS, lambda case: judged(case, stack.key))


@pytest.mark.long
def test_what_is_there_is_answered_as_described(description: Any, stack: Stack, known: dict[str, Any]) -> None:
    def play(case: Any) -> None:
        _name_what_is_there(case, known)
        judged(case, stack.key)

    assert not fuzz(description, FEW, play)


def test_a_projects_token_is_answered_as_described_and_sees_nothing_of_others(
    description: Any, known: dict[str, Any], stack: Stack
) -> None:
    stranger = Project(stack)
    others = {"project_id": stranger.id, "owner_id": stranger.id, "file_id": stranger.link()["image_id"]}
    others["asset_id"] = others["file_id"]

    def play(case: Any) -> None:
        _name_what_is_there(case, known)
        judged(case, known["token"])
        named = case.path_parameters.keys() & others.keys() if case.path_parameters else ()
        for name in named:
            case.path_parameters[name] = others[name]
        if named:
            assert judged(case, known["token"]).status_code in (400, 403, 404, 413), (case.method, case.path)

    assert not fuzz(description, A_FEW_LESS, play)
    assert stranger.image(others["file_id"])["state"] == "init"


@pytest.mark.long
def test_without_a_caller_nothing_is_answered(description: Any, known: dict[str, Any]) -> None:
    def play(case: Any) -> None:
        _name_what_is_there(case, known)
        answer = case.call(timeout=20)
        # A signature stands for a caller: what is made up here is the wrong one, if the rest makes sense.
        signed = case.path.endswith("/render") or "/playlists/" in case.path
        refused = {400, 403} if "sig" in (case.query or {}) and signed else {401}
        if (case.method.lower(), case.path.rstrip("/")) not in PUBLIC:
            assert answer.status_code in refused, (case.method, case.path, answer.status_code, answer.text)

    assert not fuzz(description, FEW, play)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_whatever_is_asked_many_times_is_answered_as_described(
    description: Any, stack: Stack, known: dict[str, Any]
) -> None:
    def play(case: Any) -> None:
        judged(case, stack.key)
        _name_what_is_there(case, known)
        judged(case, stack.key)

    assert not fuzz(description, MANY, play)


def _name_what_is_there(case: Any, known: dict[str, Any]) -> None:
    """Puts true ids in the place of made-up ones; but nothing that is there is deleted, and nothing sent."""
    if case.method.lower() == "delete" or case.path.endswith("/webhooks"):
        return
    for name in case.path_parameters or {}:
        if name in known:
            case.path_parameters[name] = known[name]
    if isinstance(case.body, dict) and "project_id" in case.body:
        case.body["project_id"] = known["project_id"]
        case.body.pop("user_id", None)
