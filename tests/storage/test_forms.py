"""Forms checked here as storage would check them."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from storage.endpoint import Endpoint
from storage.forms import Allowed, FormRefused, allowed
from storage.links import UploadForms
from storage.signing import Signer

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
KEY = "projects/p/images/20261121/01a0e0a0-0000-7000-8000-000000000000"
ONE = Endpoint("http://s3.lan", bucket="photos")


def form(endpoint: Endpoint = ONE) -> dict[str, str]:
    return UploadForms("access", "secret", endpoint).form(KEY, 100, 60, NOW).params


def check(fields: dict[str, str], at: datetime = NOW, secret: str = "secret") -> Allowed:
    return allowed(fields, Signer("access", secret), ONE, at)


def test_a_form_as_it_was_given_is_let_through():
    assert check(form()) == Allowed(KEY, 1, 100)
    assert check(form(), NOW + timedelta(seconds=59)) == Allowed(KEY, 1, 100)


def signed(policy: object) -> dict[str, str]:
    """A form with any policy, rightly signed."""
    fields = form()
    encoded = base64.b64encode(json.dumps(policy).encode()).decode()
    signature = Signer("access", "secret")._sign(fields["x-amz-date"], encoded)
    return fields | {"policy": encoded, "x-amz-signature": signature}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        form() | {"key": "originals/other"},
        form() | {"x-amz-signature": "0" * 64},
        form() | {"x-amz-signature": "é"},
        form() | {"x-amz-credential": "other/20261121/us-east-1/s3/aws4_request"},
        form() | {"x-amz-date": "20261122T123000Z"},
        form() | {"x-amz-date": "20261121"},
        form() | {"policy": form()["policy"] + "="},
        form() | {"acl": "public-read"},
        {name: value for name, value in form().items() if name != "key"},
        form(Endpoint("http://s3.lan", bucket="another")),
        signed({"expiration": "2026-11-21T12:31:00.000Z", "conditions": [["starts-with", "$key", ""]]}),
    ],
)
def test_any_other_is_refused(fields):
    with pytest.raises(FormRefused) as refused:
        check(fields)
    assert refused.value.status == 403


def test_one_that_has_run_out_or_is_of_another_secret_is_refused():
    with pytest.raises(FormRefused, match="run out"):
        check(form(), NOW + timedelta(seconds=60))
    with pytest.raises(FormRefused, match="not signed"):
        check(form(), secret="another")


def test_sizes():
    good = Allowed(KEY, 1, 100)
    good.check(0, ended=False)
    good.check(100, ended=True)
    for size, ended in ((101, False), (0, True)):
        with pytest.raises(FormRefused) as refused:
            good.check(size, ended)
        assert refused.value.status == 400
