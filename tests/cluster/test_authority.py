"""The authority of the hosts: who is let in, before and after it is replaced."""

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from ops.clusters.authority import Authority, Pair, Step, days_left

pytestmark = pytest.mark.pure


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.ensure()
    return made


def test_its_keys_are_for_their_owner_alone(authority: Authority, tmp_path: Path) -> None:
    authority.pair("a", ["a.internal", "10.0.0.1"])
    for key in ("ca.key", "a.key"):
        assert stat.S_IMODE((tmp_path / key).stat().st_mode) == 0o600


def test_a_certificate_is_kept_until_something_about_it_changes(authority: Authority) -> None:
    first = authority.pair("a", ["a.internal", "10.0.0.1"])
    assert authority.pair("a", ["a.internal", "10.0.0.1"]) == first
    assert authority.pair("a", ["a.internal", "10.0.0.2"]) != first
    assert 390 < days_left(first.certificate) < 398


def test_a_certificate_near_its_end_is_made_anew(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.clusters.authority.DAYS", 30)
    short = authority.pair("a", ["a.internal"])
    monkeypatch.undo()
    assert authority.pair("a", ["a.internal"]) != short


def test_at_every_step_hosts_that_were_restarted_and_such_that_were_not_take_each_other(
    authority: Authority, tmp_path: Path
) -> None:
    """Each step on some hosts, the one before on the others: certificates, and what was trusted at the last start."""
    names = {"a": ["a.internal"], "b": ["b.internal"]}
    first = authority.pair("a", names["a"])
    before = authority.trusted, authority.pair("b", names["b"])
    for step in Step:
        authority.replace(step)
        trusted, pair = authority.trusted, authority.pair("a", names["a"])
        assert shake(tmp_path, pair, "a.internal", trusted, before[1], before[0]), step
        assert shake(tmp_path, before[1], "b.internal", before[0], pair, trusted), step
        before = trusted, authority.pair("b", names["b"])
    assert authority.trusted.count(b"BEGIN CERTIFICATE") == 1
    assert not shake(tmp_path, before[1], "b.internal", before[0], first, authority.trusted), "the old one is out"


def test_a_step_is_taken_in_its_turn_alone(authority: Authority) -> None:
    for turn, step in enumerate(Step):
        for other in set(Step) - {step}:
            with pytest.raises(ValueError, match=f"is --{step}"):
                authority.replace(other)
        assert authority.due is list(Step)[turn]
        authority.replace(step)
    assert authority.due is Step.TRUST


def test_a_change_of_authorities_that_was_killed_is_ended_by_the_next_rendering(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.replace(Step.TRUST)
    monkeypatch.setattr(Authority, "_take_over", lambda self: None)
    authority.replace(Step.ISSUE)
    monkeypatch.undo()
    again = Authority(tmp_path)
    again.ensure()
    pair = again.pair("a", ["a.internal"])
    assert shake(tmp_path, pair, "a.internal", again.trusted, pair, again.trusted)
    assert again.due is Step.DROP


def test_somebody_elses_authority_is_not_taken(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    other.ensure()
    ours, theirs = authority.pair("a", ["a.internal"]), other.pair("a", ["a.internal"])
    assert not shake(tmp_path, ours, "a.internal", authority.trusted, theirs, authority.trusted)
    assert not shake(tmp_path, theirs, "a.internal", other.trusted, ours, authority.trusted)
    assert not shake(tmp_path, ours, "b.internal", authority.trusted, ours, authority.trusted)


def shake(folder: Path, server: Pair, name: str, trusts: bytes, client: Pair, client_trusts: bytes) -> bool:
    """Whether a client that asks for `name` and a server that wants its certificate come to terms (TLS)."""
    near, far = socket.socketpair()
    serving = context(folder / "server.pem", server, trusts, ssl.PROTOCOL_TLS_SERVER)
    serving.verify_mode = ssl.CERT_REQUIRED
    taken: list[bytes] = []

    def take() -> None:
        try:
            with serving.wrap_socket(far, server_side=True) as wrapped:
                taken.append(wrapped.recv(2))
                wrapped.sendall(b"ok")
        except OSError:
            far.close()

    thread = threading.Thread(target=take)
    thread.start()
    near.settimeout(10)
    asking = context(folder / "client.pem", client, client_trusts, ssl.PROTOCOL_TLS_CLIENT)
    try:
        with asking.wrap_socket(near, server_hostname=name) as wrapped:
            wrapped.sendall(b"hi")
            return wrapped.recv(2) == b"ok"
    except OSError:
        near.close()
        return False
    finally:
        thread.join()


def context(path: Path, own: Pair, trusts: bytes, kind: int) -> ssl.SSLContext:
    made = ssl.SSLContext(kind)
    path.write_bytes(own.certificate + own.key)
    made.load_cert_chain(path)
    made.load_verify_locations(cadata=trusts.decode())
    return made
