"""Where things lie: an ordinary user's clone in a closed home, and root's in a place that the service can't reach."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ops.setup import account, place
from storage.server import locate
from tests.ops import processes
from tests.stack import CHECKOUT, Stack, environment

pytestmark = pytest.mark.root


def clone(target: Path, with_environment: bool = True) -> Path:
    """The working tree as a new clone has it; its environment, which takes a minute to make, by links."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    if with_environment:
        link_environment(target / ".venv")
    return target


def link_environment(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--link", str(CHECKOUT / ".venv"), str(target)], check=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def owners(stack: Stack) -> set[int]:
    return processes.owners(processes.tree(stack.status()["supervisor"]))


def page(stack: Stack) -> str:
    with urllib.request.urlopen(f"{stack.url}/", timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture
def server() -> str:
    """The storage server's binary, which was built for the first appliance of the tests."""
    found = locate.find(Path(os.environ.get("DARKROOM_CACHE") or place.ROOT_CACHE / "service"))
    assert found is not None
    return str(found)


@pytest.fixture
def user() -> Iterator[pwd.struct_passwd]:
    """An ordinary user whose home nobody else can look into."""
    name = f"dk{secrets.token_hex(4)}"
    home = Path(tempfile.mkdtemp(prefix="dkhome-"))
    home.rmdir()
    subprocess.run(["useradd", "--create-home", "--home-dir", str(home), name], check=True)
    home.chmod(0o700)
    try:
        yield pwd.getpwnam(name)
    finally:
        subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)


def as_user(user: pwd.struct_passwd) -> list[str]:
    command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    own = [f"HOME={user.pw_dir}", f"USER={user.pw_name}", "PATH=/usr/bin:/bin"]
    return [*command, "env", "--unset=XDG_CACHE_HOME", *own]


def own(top: Path, user: pwd.struct_passwd) -> None:
    """Gives a clone to the user; not the environment's files, which are links to ours."""
    for folder, _, files in os.walk(top):
        os.chown(folder, user.pw_uid, user.pw_gid)
        if ".venv" not in Path(folder).parts:
            for name in files:
                os.lchown(Path(folder) / name, user.pw_uid, user.pw_gid)


def test_an_ordinary_user_from_a_closed_home(stack, server, user):
    checkout = clone(Path(user.pw_dir) / "darkroom")
    own(checkout, user)
    assert "all parts are well" in run_as_user(Stack(checkout, as_user(user), DARKROOM_MINIO=server), user)


@pytest.mark.long
def test_a_first_start_of_an_ordinary_user_makes_its_own_environment(stack, server, user):
    checkout = clone(Path(user.pw_dir) / "darkroom", with_environment=False)
    own(checkout, user)
    said = run_as_user(Stack(checkout, as_user(user), DARKROOM_MINIO=server), user)
    assert "Installing the locked dependencies" in said
    assert (checkout / ".venv" / "bin" / "python").exists()


def run_as_user(theirs: Stack, user: pwd.struct_passwd) -> str:
    """Starts, looks at and ends the user's appliance with its data at the default place; what `up` said."""
    theirs.data = theirs.checkout / "var"
    try:
        said = theirs.up()
        assert owners(theirs) == {user.pw_uid}
        assert theirs.data.stat().st_uid == user.pw_uid
        assert "<title>" in page(theirs)
        lines = [" ".join(psutil.Process(part["pid"]).cmdline()) for part in theirs.parts().values() if part["pid"]]
        assert all(str(theirs.data) in line for line in lines)
    finally:
        theirs.close()
    assert mode(Path(user.pw_dir)) == 0o700
    return said


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder of root's that nobody else can look into."""
    folder = Path(tempfile.mkdtemp(prefix="dkroot-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.long
def test_root_with_a_checkout_that_the_service_can_not_reach(stack, closed):
    checkout = clone(closed / "darkroom", with_environment=False)
    home = account.HOME / place.short(checkout)
    link_environment(home / "venv")
    hidden = Stack(checkout)
    hidden.data = checkout / "var"
    try:
        said = hidden.up()
        assert f"{checkout} can't be reached" in said
        assert f"the data folder is {home / 'data'}" in said
        assert owners(hidden) == {pwd.getpwnam(account.NAME).pw_uid}
        assert not hidden.data.exists()
        assert mode(home / "data") == 0o700
        assert (home / "code").stat().st_uid == 0, "the service must not be able to change what it runs"
        assert hidden.status()["data"] == str(home / "data")

        index = checkout / "web" / "index.html"
        index.write_text(index.read_text().replace("<title>", "<title>Changed "))
        assert hidden.status()["phase"] == "ready"
        assert "<title>Changed " not in page(hidden), "what runs keeps the code it was started with"
        hidden.down()
        hidden.up()
        assert "<title>Changed " in page(hidden)
    finally:
        hidden.close()
        shutil.rmtree(home)
    assert mode(closed) == 0o700
    assert closed.stat().st_uid == 0


@pytest.mark.long
def test_root_with_a_data_folder_that_the_service_can_not_reach(stack, closed):
    hidden = Stack()
    hidden.data = closed / "data"
    elsewhere = account.HOME / place.short(hidden.data)
    try:
        said = hidden.up()
        assert f"the data folder is {elsewhere / 'data'}" in said
        assert hidden.status()["data"] == str(elsewhere / "data")
        assert hidden.key
    finally:
        hidden.close()
        shutil.rmtree(elsewhere)
    assert mode(closed) == 0o700
    assert not hidden.data.exists()


def test_a_folder_with_somebody_elses_things_is_not_taken_over(stack, closed, user):
    precious = stack.folder / "precious"
    precious.mkdir()
    (precious / "letter").touch()
    refused = stack.verb("up", "--detach", data=precious)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert f"{precious} belongs to root" in stack.verb("status", data=precious).stderr
    assert precious.stat().st_uid == 0
    os.chown(precious, user.pw_uid, user.pw_gid)
    refused = stack.verb("up", "--detach", data=precious)
    assert refused.returncode == 1
    assert f"belongs to {user.pw_name}" in refused.stderr


def test_an_ordinary_user_is_told_whose_appliance_it_is(stack, user):
    command = [*as_user(user), str(CHECKOUT / "ops" / "status"), "--data", str(stack.data)]
    refused = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert refused.returncode == 1
    assert f"belongs to {account.NAME}" in refused.stderr
    assert "Start as root" in refused.stderr
    assert "Traceback" not in refused.stderr
