"""The configuration as text."""

from dataclasses import replace
from pathlib import Path

import pytest

from ops.edge.caddyfile import BadValue, Edge, render
from ops.edge.s3 import Listener
from storage.endpoint import Ability, Endpoint

pytestmark = pytest.mark.pure

EDGE = Edge(
    bind="127.0.0.1",
    port=8080,
    urls=["http://127.0.0.1:8080"],
    apis=["127.0.0.1:8001", "127.0.0.1:8002"],
    storages=["127.0.0.1:9000"],
    web=Path("/srv/web"),
    data=Path("/srv/edge"),
)


def test_same_settings_give_the_same_text() -> None:
    assert render(EDGE) == render(EDGE)
    assert "@@" not in render(EDGE)
    assert "reverse_proxy 127.0.0.1:8001 127.0.0.1:8002" in render(EDGE)


def test_without_origins_there_is_no_cors() -> None:
    assert "Access-Control-Allow" not in render(EDGE)


@pytest.mark.parametrize("origin", ["*", "https://*.example", "https://a b", "a.example", "https://a/", "https://a\n{"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(BadValue):
        render(replace(EDGE, origins=[origin]))


@pytest.mark.parametrize("url", ["ftp://a", "https://", "https://a/b", "https://a:port", "{$HOME}"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadValue):
        render(replace(EDGE, urls=[url]))


def test_one_port_is_http_or_https() -> None:
    with pytest.raises(BadValue, match="agree"):
        render(replace(EDGE, urls=["http://a", "https://b"]))


@pytest.mark.parametrize("path", ["/srv/`id`", "/srv/{env.HOME}", "/srv/a\nadmin :2019"])
def test_path_that_would_be_read_as_configuration_is_refused(path: str) -> None:
    with pytest.raises(BadValue):
        render(replace(EDGE, web=Path(path)))


def test_upstream_must_be_host_and_port() -> None:
    with pytest.raises(BadValue):
        render(replace(EDGE, apis=["127.0.0.1:8001 { }"]))


def test_no_secret_is_needed_or_written() -> None:
    assert "secret" not in render(EDGE).lower()


LISTENER = Listener("127.0.0.1", 9000, ["http://127.0.0.1:9000"], Path("/srv/edge/s3"))


def test_other_programs_have_a_listener_only_where_it_is_asked_for() -> None:
    assert "@keyed" not in render(EDGE)
    text = render(replace(EDGE, s3=LISTENER))
    assert "http://:9000 {" in text
    assert "@@" not in text
    with pytest.raises(BadValue):
        render(replace(EDGE, s3=replace(LISTENER, urls=["http://a", "https://b"])))
    with pytest.raises(BadValue):
        render(replace(EDGE, s3=replace(LISTENER, folder=Path("/srv/`id`"))))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_listener_with_tls_beside_one_without(scheme: str) -> None:
    text = render(replace(EDGE, s3=replace(LISTENER, urls=[f"{scheme}://s3.lan:9000"])))
    assert ("default_sni s3.lan" in text) is (scheme == "https")
    assert text.count("tls internal") == (2 if scheme == "https" else 0)


def test_no_matcher_of_the_listener_has_two_expressions_of_which_either_would_do() -> None:
    """The server joins several of one kind in one matcher by "or"."""
    text = render(replace(EDGE, s3=LISTENER))
    for block in text.split("\n\t\t@")[1:]:
        matcher = block.partition("\n\t\t}")[0] if block.partition("\n")[0].endswith("{") else block.partition("\n")[0]
        assert len([line for line in matcher.splitlines() if line.split()[:1] == ["vars_regexp"]]) <= 1, matcher


def test_storage_of_others_is_asked_by_its_name_for_its_bucket() -> None:
    elsewhere = Endpoint("https://s3.lan", bucket="photos", abilities=frozenset({Ability.FORMS}))
    text = render(replace(EDGE, storages=[elsewhere.address], storage=elsewhere))
    for line in (
        *("reverse_proxy s3.lan:443", "header_up Host s3.lan", "tls_server_name s3.lan"),
        *("rewrite * /photos{path}", "rewrite * /photos\n", "header_up -X-Forwarded-*"),
    ):
        assert line in text, line
    assert "rewrite * /photos" not in render(EDGE)
    assert "tls_server_name" not in render(EDGE)
    assert "header_up Host storage.internal" in render(EDGE)


def test_forms_go_to_the_api_where_storage_takes_none() -> None:
    formless = Endpoint("http://10.0.0.9:9000", bucket="photos", abilities=frozenset())
    text = render(replace(EDGE, storages=[formless.address], storage=formless))
    form = text[text.index("handle @form {") :]
    assert "import to_api" in form[: form.index("\n\t}")]
    assert "import to_storage" in render(EDGE)[render(EDGE).index("handle @form {") :]
