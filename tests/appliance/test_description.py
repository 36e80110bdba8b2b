"""What the description says of every operation, as those read it who make a client from it."""

from collections.abc import Iterator
from typing import Any

import pytest

from appliance import shapes
from appliance.app import create_app
from appliance.config import current
from appliance.description import METHODS, described
from tests.appliance.test_access import SETTINGS

pytestmark = pytest.mark.pure

Operations = dict[str, dict[str, Any]]


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operations]:
    """The responses of each operation by status, under "method path"."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    paths = described(create_app())["paths"]
    yield {
        f"{method} {path}": item[method]["responses"]
        for path, item in paths.items()
        for method in METHODS & item.keys()
    }
    current.cache_clear()


def test_every_answer_in_json_has_a_schema_of_its_own(operations: Operations) -> None:
    for name, responses in operations.items():
        for status, response in responses.items():
            told = response.get("content", {}).get("application/json")
            assert told is None or "$ref" in told["schema"], (name, status)


def test_no_schema_stands_in_for_another_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    made = create_app().openapi_schema.to_schema()["components"]["schemas"]
    current.cache_clear()
    assert made.keys() & shapes.SCHEMAS.keys() == {"Timeline"}, "which says more of the same answer"


def test_every_refusal_that_may_pass_says_when_to_come_back(operations: Operations) -> None:
    for name, responses in operations.items():
        assert "429" in responses, name
        for status in {"429", "503", "507"} & responses.keys():
            assert responses[status]["headers"]["Retry-After"]["required"], (name, status)


def test_what_an_operation_refuses_for_reasons_of_its_own_is_named(operations: Operations) -> None:
    assert {name for name, responses in operations.items() if "507" in responses} == {
        "post /images",
        "post /files",
        "post /chat/{owner_id}/files",
        "post /chats/{owner_id}/files",
        "post /chat/{owner_id}/file",
        "post /chats/{owner_id}/file",
        "post /files/{file_id}/upload/parts",
        "put /files/{file_id}/content",
        "post /profiles/uploads",
        "post /files/{file_id}/bundle",
        "get /images/{file_id}/render",
        "get /files/{file_id}/pages/{page}",
    }
    assert {name for name, responses in operations.items() if "409" in responses} == {
        "post /projects",
        "post /users",
        "post /chats",
        "post /chat/{owner_id}/messages",
        "post /chats/{owner_id}/messages",
        *(
            f"delete /{root}/{{owner_id}}" + rest
            for root in ("chat", "chats")
            for rest in ("", "/messages/{message_id}", "/file/{file_id}")
        ),
        "delete /files/{file_id}",
        "delete /images/{file_id}",
        "post /chat/{owner_id}/file",
        "post /chats/{owner_id}/file",
        "put /chat/{owner_id}/file/{file_id}",
        "put /chats/{owner_id}/file/{file_id}",
        "post /files/{file_id}/complete",
        "post /files/{file_id}/cancel",
        "post /files/{file_id}/retry",
        "post /files/{file_id}/upload/parts",
        "post /images/{file_id}/uploaded",
        "post /images/{file_id}/cancel",
        "post /images/{file_id}/retry",
        "put /files/{file_id}/content",
        "post /projects/{project_id}/webhooks",
        "post /settings/rollback",
        *("post /admin/failed/retry", "post /admin/keys/revoke"),
        "post /profiles",
        "put /profiles/{profile_id}",
        "post /profiles/{profile_id}/payment",
        "post /profiles/{profile_id}/payment/mark",
        *(f"post /moderation/editions/{{edition_id}}/{what}" for what in ("claim", "approve", "reject")),
        "post /words",
        "put /words/{word_id}",
        "get /images/{file_id}/render",
        "get /files/{file_id}/bundle",
        "post /files/{file_id}/bundle",
        "get /notifications",
        "get /files/{file_id}/bundle/progress",
        "get /files/{file_id}/pages/{page}",
    }
