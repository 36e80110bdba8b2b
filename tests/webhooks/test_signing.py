"""Signatures, verified by the sample in the README: what is forged, old or known already gets nowhere."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from appliance.errors import BadRequest
from appliance.webhooks import signing
from tests.appliance.test_readme import BLOCKS

pytestmark = pytest.mark.pure

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = json.dumps({"type": "state", "seq": 7, "state": "done"}).encode()
OTHER = signing.new_secret()


@pytest.fixture
def verified() -> Callable[..., Any]:
    """The function that the README gives to those who write receivers."""
    names: dict[str, Any] = {}
    exec(BLOCKS["verify"], names)
    function: Callable[..., Any] = names["verified"]
    return function


def signed(secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    return signing.headers(secret, "epoch:7", int(time.time() if at is None else at), BODY)


def test_the_format_is_that_of_standard_webhooks() -> None:
    """Reckoned by hand with openssl dgst -sha256 -mac HMAC."""
    found = signing.headers(SECRET, "msg:1", 1700000000, b'{"test": 2432232314}')
    assert found == {
        "webhook-id": "msg:1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1,ZqEZNJXCURYe90nNyBsrh9DjVA5nqna+b417eUkKHuA=",
    }


def test_what_was_sent_is_taken_once(verified: Callable[..., Any]) -> None:
    seen: set[str] = set()
    assert verified(SECRET, signed(), BODY, seen)["seq"] == 7
    seen.add("epoch:7")
    assert verified(SECRET, signed(), BODY, seen) is None, "the same event again, signed anew"


def test_one_of_several_signatures_is_enough(verified: Callable[..., Any]) -> None:
    """As while a secret is being changed for another."""
    headers = signed()
    headers["webhook-signature"] = f"v1a,x {signed(OTHER)['webhook-signature']} {headers['webhook-signature']}"
    assert verified(SECRET, headers, BODY, set())


FORGED = {
    "another secret": {"webhook-signature": signed(OTHER)["webhook-signature"]},
    "another id, to be taken a second time": {"webhook-id": "epoch:8"},
    "a newer time, to be taken later": {"webhook-timestamp": str(int(time.time()) + 100)},
    "parts of the id moved into the time": {"webhook-id": "epoch", "webhook-timestamp": f"7.{int(time.time())}"},
    "no signature": {"webhook-signature": ""},
    "another scheme": {"webhook-signature": signed()["webhook-signature"].replace("v1,", "v0,")},
    "no characters of a signature": {"webhook-signature": "v1,\u00e4\u00f6"},
    "cut": {"webhook-signature": signed()["webhook-signature"][:-4]},
}


@pytest.mark.parametrize("how", FORGED)
def test_forged_ones_are_refused(verified: Callable[..., Any], how: str) -> None:
    with pytest.raises(ValueError, match="not ours"):
        verified(SECRET, signed() | FORGED[how], BODY, set())


def test_a_changed_body_and_missing_headers_are_refused(verified: Callable[..., Any]) -> None:
    for body in (BODY.replace(b"7", b"8"), BODY + b" ", b""):
        with pytest.raises(ValueError, match="not ours"):
            verified(SECRET, signed(), body, set())
    for name in signed():
        with pytest.raises(ValueError, match="not ours"):
            verified(SECRET, {key: value for key, value in signed().items() if key != name}, BODY, set())


@pytest.mark.parametrize("seconds", [-400, 400])
def test_old_ones_are_refused_though_the_signature_is_right(verified: Callable[..., Any], seconds: int) -> None:
    with pytest.raises(ValueError, match="five minutes"):
        verified(SECRET, signed(at=time.time() + seconds), BODY, set())


def test_secrets_are_random_and_long() -> None:
    made = {signing.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(signing.decoded(secret)) == 32 for secret in made)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "secret", SECRET[6:], "whsec_" + "A" * 31, "whsec_" + "A" * 88, "whsec_!" + SECRET[6:]]
)
def test_a_secret_that_is_too_short_or_none_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(BadRequest) as refused:
        signing.decoded(secret)
    assert list(refused.value.fields) == ["secret"]
    assert refused.value.fields["secret"] == "whsec_ and 24 to 64 bytes in base64"
