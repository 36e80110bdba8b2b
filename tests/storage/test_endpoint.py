"""Where an S3 is and how it names things: addresses, paths, links and forms of one bucket."""

import base64
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from storage.endpoint import OWN, Ability, Endpoint, endpoint
from storage.layout import ORIGINALS, SIGNING_HOST, VERSIONS
from storage.links import Links, UploadForms

pytestmark = pytest.mark.pure

ALL = frozenset(Ability)
KEY = "projects/p/images/20261121/01a0e0a0-0000-7000-8000-000000000000"
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
ONE = Endpoint("https://s3.lan", "eu-1", "photos", ALL - {Ability.VERSIONS})


@pytest.mark.parametrize(
    ("url", "host", "address"),
    [
        ("http://127.0.0.1:9000", "127.0.0.1:9000", "127.0.0.1:9000"),
        ("http://s3.lan", "s3.lan", "s3.lan:80"),
        ("http://s3.lan:80", "s3.lan", "s3.lan:80"),
        ("https://s3.lan", "s3.lan", "s3.lan:443"),
        ("https://s3.lan:8443", "s3.lan:8443", "s3.lan:8443"),
        ("https://[fd00::1]", "[fd00::1]", "[fd00::1]:443"),
    ],
)
def test_host_and_address(url, host, address):
    assert (Endpoint(url).host, Endpoint(url).address) == (host, address)


def test_our_own_has_two_buckets_and_one_name_for_all_links():
    own = endpoint("http://127.0.0.1:9000/")
    assert own.own
    assert own.path(ORIGINALS, KEY) == f"/originals/{KEY}"
    assert own.path(VERSIONS, "") == "/versions/"
    assert own.signing_host == OWN.signing_host == SIGNING_HOST
    assert own.versioned(ORIGINALS)


def test_elsewhere_all_is_in_one_bucket():
    assert ONE.path(ORIGINALS, KEY) == f"/photos/originals/{KEY}"
    assert ONE.path(VERSIONS, "") == "/photos/"
    assert ONE.path("", ".mark") == "/photos/.mark"
    assert ONE.key_of(VERSIONS, "") == "versions/"
    assert ONE.ours(VERSIONS, f"versions/{KEY}") == KEY
    assert ONE.signing_host == "s3.lan"


@pytest.mark.parametrize(("abilities", "told_apart"), [(ALL, True), (ALL - {Ability.VERSIONS}, False)])
def test_versions_are_told_apart_of_originals_alone(abilities, told_apart):
    one = Endpoint("http://s3.lan", bucket="photos", abilities=abilities)
    assert one.versioned(ORIGINALS) is told_apart
    assert not one.versioned(VERSIONS)


def test_a_link_has_our_path_and_the_signature_of_the_real_one():
    links = Links("access", "secret", endpoint=ONE)
    path, _, query = links.link(ORIGINALS, KEY, now=NOW).partition("?")
    assert path == f"/originals/{KEY}"
    assert parse_qs(query)["X-Amz-Credential"] == ["access/20261121/eu-1/s3/aws4_request"]
    assert "versionId" not in query
    own = Links("access", "secret").link(ORIGINALS, KEY, "a-version", now=NOW)
    assert parse_qs(urlsplit(own).query)["X-Amz-Signature"] != parse_qs(query)["X-Amz-Signature"]
    with pytest.raises(ValueError, match="names the version"):
        Links("access", "secret", endpoint=Endpoint("http://s3.lan", bucket="photos")).link(ORIGINALS, KEY, now=NOW)


def test_a_form_names_the_real_bucket_and_key():
    form = UploadForms("access", "secret", ONE).form(KEY, 10, 60, NOW)
    assert form.path == "/originals"
    assert form.params["key"] == f"originals/{KEY}"
    assert {"bucket": "photos"} in json.loads(base64.b64decode(form.params["policy"]))["conditions"]
