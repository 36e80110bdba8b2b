"""The way from a typed command line to a module: which words the set-up itself looks at, in which spelling."""

import socket
import sys
from pathlib import Path

import pytest

from ops.commands import options, up
from ops.setup import launch, packages

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def no_data_in_the_environment(monkeypatch):
    monkeypatch.delenv("DARKROOM_DATA", raising=False)


@pytest.mark.parametrize("given", [["--data", "some where"], ["--data=some where"]])
def test_a_relative_data_folder_is_that_of_the_caller(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    rest, data = launch.split_data(["--detach", *given])
    assert rest == ["--detach"]
    assert data == tmp_path / "some where"


def test_without_data_it_is_what_the_environment_says_else_var(monkeypatch):
    assert launch.split_data([])[1] == launch.CHECKOUT / "var"
    monkeypatch.setenv("DARKROOM_DATA", "/srv/photos")
    assert launch.split_data([])[1] == Path("/srv/photos")
    assert launch.split_data(["--data", "/srv/other"])[1] == Path("/srv/other")


def test_both_spellings_of_an_option_are_one(tmp_path):
    words, _ = launch.split_data(["--port=81", "--url=https://a.lan", "--cert=c=1.pem", "--key", "k.pem", "--ttl=5"])
    assert words == ["--port", "81", "--url", "https://a.lan", "--cert", "c=1.pem", "--key", "k.pem", "--ttl=5"]


@pytest.mark.parametrize("given", [["--port", "{}"], ["--port={}"]])
def test_the_port_that_is_tried_is_the_one_that_was_asked_for(tmp_path, capsys, given):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        words, data = launch.split_data([word.format(port) for word in given] + ["--data", str(tmp_path)])
        with pytest.raises(SystemExit):
            launch._check(data, words, listens=True)
    assert f"port {port} is in use" in capsys.readouterr().err


def test_a_shortened_data_option_is_not_another_folders_appliance(capsys):
    """The set-up adds the folder it has found: after `--dat X` that would be the default one."""
    with pytest.raises(SystemExit):
        options.parser("down", "").parse_args(["--dat", "/srv/other", "--data", "/srv/default"])
    assert "--dat" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8080.5"])
def test_what_is_no_port_is_answered_in_a_sentence(port, capsys):
    with pytest.raises(SystemExit) as ended:
        up.parse(["--data", "/srv/darkroom", f"--port={port}"])
    assert ended.value.code == 2
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


class Ended(Exception):
    pass


@pytest.mark.parametrize(
    ("module", "found", "asked"),
    [(launch.UP, None, True), (launch.UP, object(), False), ("ops.commands.status", None, False)],
)
def test_up_has_libreoffice_installed_where_it_is_missing(tmp_path, monkeypatch, module, found, asked):
    needs = []

    def ended(*given):
        raise Ended

    monkeypatch.setattr(launch.libreoffice, "find", lambda: found)
    monkeypatch.setattr(launch.packages, "try_to_install", lambda some, without: needs.extend(some))
    monkeypatch.setattr(launch.environment, "ensure", ended)
    monkeypatch.setattr("sys.argv", ["verb", "--data", str(tmp_path / "data"), "--port", "0"])
    with pytest.raises(Ended):
        launch.launch(module, False, False)
    assert needs == (list(packages.OFFICE) if asked else [])


@pytest.mark.parametrize(("unwanted", "made"), [(False, 1), (True, 0)])
def test_code_is_compiled_for_an_account_that_may_not_write_it(tmp_path, monkeypatch, unwanted, made):
    monkeypatch.setattr(sys, "dont_write_bytecode", unwanted)
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops/part.py").write_text("started = True\n")
    launch._compile(Path(sys.executable), tmp_path)
    assert len(list(tmp_path.glob("ops/__pycache__/part.*.pyc"))) == made
