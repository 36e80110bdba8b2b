"""What a machine is refused for, and that each refusal says what to do next."""

import ast
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops import bootstrap
from ops.setup import packages, preflight
from ops.setup.interpreter import Interpreter

pytestmark = pytest.mark.pure

BOOTSTRAP = Path(bootstrap.__file__)
AVX2 = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 bmi2\n"


def test_a_processor_with_avx2_passes():
    assert preflight.processor("x86_64", AVX2) is None


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "said"), [("aarch64", "", "aarch64"), ("x86_64", AVX2.replace("avx2", ""), "no AVX2")]
)
def test_a_processor_without_it_is_named(machine, cpuinfo, said):
    problem = preflight.processor(machine, cpuinfo)
    assert said in problem.what
    assert "AVX2" in problem.what + problem.remedy


def test_memory_is_what_is_available_not_what_is_free():
    assert preflight.memory("MemFree: 1000 kB\nMemAvailable: 4000000 kB\n") is None
    problem = preflight.memory("MemFree: 4000000 kB\nMemAvailable: 500000 kB\n")
    assert "488 MiB" in problem.what
    assert "1024 MiB" in problem.what


def test_disk_is_measured_where_the_folder_will_be(tmp_path):
    assert preflight.disk(tmp_path / "not" / "yet", 1, "it", "buy one") is None
    problem = preflight.disk(tmp_path / "not" / "yet", 10**18, "the data folder", "buy one")
    assert str(tmp_path) in problem.what
    assert problem.remedy == "buy one"


def test_a_data_folder_that_can_not_be_written_is_named():
    """/proc is so for everybody, root too."""
    problems = preflight.machine(Path("/proc/darkroom/data"))
    assert [problem for problem in problems if "/proc can't be written" in problem.what and "--data" in problem.remedy]


def test_a_port_in_use_is_named_with_what_shows_its_user():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        problem = preflight.port("127.0.0.1", number)
    assert str(number) in problem.what
    assert "--port" in problem.remedy
    assert f":{number}" in problem.remedy
    assert preflight.port("127.0.0.1", number) is None


def test_bootstrap_parses_on_every_python_3():
    """An old Python must get as far as the sentence that it is too old."""
    assert ast.parse(BOOTSTRAP.read_text(), feature_version=(3, 4)).body


def test_interrupt_of_the_set_up_leaves_no_trace_on_the_screen():
    program = (
        "import os, signal, sys; from ops import bootstrap; from ops.setup import launch;"
        "launch.launch = lambda *given: os.kill(os.getpid(), signal.SIGINT); bootstrap.enter('ops.commands.up')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=BOOTSTRAP.parents[1], capture_output=True, timeout=30)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == b""


def test_an_old_python_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit) as ended:
        bootstrap.enter("ops.commands.status")
    assert "3.11" in str(ended.value)
    assert "3.9.2" in str(ended.value)
    assert "apt-get install python3" in str(ended.value)


@pytest.mark.parametrize(
    ("release", "family"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "fedora"),
        ("ID=alpine\n", ""),
    ],
)
def test_the_family_of_a_system(release, family):
    assert packages.like(release) == family


def test_missing_headers_become_one_command():
    needs = [need for need in packages.IMAGING if need.debian in ("libjpeg-dev", "libmagic1")]
    debian = packages.command(needs, "debian")
    assert debian == "apt-get update && apt-get install -y --no-install-recommends libjpeg-dev libmagic1"
    assert packages.command(needs, "fedora") == "dnf install -y libjpeg-turbo-devel file-libs"
    assert "jpeglib.h" in packages.command(needs, "")


def test_pythons_own_packages_are_those_of_its_version(monkeypatch):
    monkeypatch.setattr(packages.Need, "present", lambda need: True)
    bare = Interpreter("/usr/bin/python3.12", (3, 12), Path("/nowhere/Python.h"), pip=False, venv=False)
    names = [need.debian for need in packages.missing(bare, uv_is_here=False)]
    assert "python3.12-dev" in names
    assert "python3.12-venv" in names
    assert "python3.12-venv" not in [need.debian for need in packages.missing(bare, uv_is_here=True)]


def test_what_the_tests_need_is_named_with_its_reason(monkeypatch, capsys):
    monkeypatch.setattr(packages, "family", lambda: "debian")
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit):
        packages.install([packages.BROWSER], "needed for the tests of the page")
    said = capsys.readouterr().err
    assert "needed for the tests of the page, and not here: chromium" in said
    assert "apt-get install -y --no-install-recommends chromium" in said


def test_an_ordinary_user_gets_the_exact_command(monkeypatch, capsys):
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages, "family", lambda: "debian")
    with pytest.raises(SystemExit):
        packages.install([packages.IMAGING[0]])
    assert "sudo sh -c 'apt-get update && apt-get install -y" in capsys.readouterr().err


@pytest.fixture
def root_on_debian(monkeypatch) -> list[list[str]]:
    """As root on Debian; what would be run, where `fails` in the command line makes it fail."""
    ran: list[list[str]] = []

    def run(words: list[str], **more: object) -> "subprocess.CompletedProcess[str]":
        ran.append(words)
        assert more["env"]["DEBIAN_FRONTEND"] == "noninteractive"
        assert more["stdin"] is subprocess.DEVNULL
        failed = "fails" in words
        return subprocess.CompletedProcess(
            words, int(failed), "", "E: Unable to locate package fails" if failed else ""
        )

    monkeypatch.setattr(packages.os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "family", lambda: "debian")
    monkeypatch.setattr(packages.subprocess, "run", run)
    return ran


def test_root_on_debian_gets_the_packages_without_a_question(root_on_debian, capsys):
    packages.install([packages.Need("a.h", "liba-dev", ""), packages.Need("b.h", "libb-dev", "")])
    install = ["apt-get", "install", "-y", "--no-install-recommends", "liba-dev", "libb-dev"]
    assert root_on_debian == [["apt-get", "update"], install]
    assert "liba-dev libb-dev" in capsys.readouterr().err


def test_what_can_be_done_without_stops_nothing(root_on_debian, monkeypatch, capsys):
    packages.try_to_install([packages.Need("a.so", "liba", "")], "there are no previews")
    assert "no previews" not in capsys.readouterr().err
    packages.try_to_install([packages.Need("a.so", "fails", "")], "there are no previews")
    assert "there are no previews (install failed:" in capsys.readouterr().err
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    packages.try_to_install(list(packages.OFFICE), "there are no previews")
    assert "(as root: apt-get update && apt-get install" in capsys.readouterr().err


def test_an_installation_that_fails_says_what_apt_said(root_on_debian, capsys):
    with pytest.raises(SystemExit) as ended:
        packages.install([packages.Need("a.h", "fails", "")])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "install failed" in said
    assert "Unable to locate package" in said
    assert "type the same command again" in said


BAD = preflight.Problem("it is bad", "make it good")


@pytest.mark.parametrize("check", ["processor", "memory", "writable", "disk"])
def test_the_list_for_a_machine_has_each_check(check, monkeypatch, tmp_path):
    for name in ("processor", "memory", "writable", "disk"):
        monkeypatch.setattr(preflight, name, lambda *given, bad=name == check: BAD if bad else None)
    assert preflight.machine(tmp_path) == [BAD]


def test_what_the_list_asks_of_a_machine_is_what_it_has(monkeypatch, tmp_path):
    """With the machine's own facts in the place of these: no memory, no room, no AVX2."""
    monkeypatch.setattr(preflight, "_read", lambda path: "MemAvailable: 1000 kB\nflags\t\t: fpu sse2\n")
    monkeypatch.setattr(preflight.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    said = [problem.what for problem in preflight.machine(tmp_path / "data")]
    assert len(said) == 3
    for text, words in zip(said, ("no AVX2", "of memory", "the data folder needs"), strict=True):
        assert words in text


def test_headers_of_python_and_the_imaging_library_are_looked_for(monkeypatch):
    monkeypatch.setattr(packages.Need, "present", lambda need: False)
    bare = Interpreter("/usr/bin/python3.11", (3, 11), Path("/nowhere/Python.h"), pip=True, venv=True)
    names = [need.file for need in packages.missing(bare, uv_is_here=True)]
    assert {"jpeglib.h", "zlib.h", "Python.h"} <= set(names)
