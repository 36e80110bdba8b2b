"""From a verb typed in a checkout to its module running in the locked environment, as the right user."""

import itertools
import os
import pwd
import runpy
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from ops.disks import guard
from ops.disks.system import ToolFailed
from ops.folder import DataFolder
from ops.setup import account, dotenv, environment, external, packages, place, preflight
from ops.setup.say import say, stop
from processors.office import libreoffice

CHECKOUT = Path(__file__).resolve().parents[2]
# Files that only the person who starts it may be able to read; the service gets their content, not their name.
HANDED_OVER = ("--cert", "--key")
# Where backups are, if it is a folder: the verb runs in another one, as an account that may not make it.
STORES = ("--to", "--from")
STORE = "DARKROOM_BACKUP_TO"  # the same for what an appliance does by itself
UP = "ops.commands.up"
DOWN = "ops.commands.down"  # works whatever the settings say
MAKE_DATA = (UP, "ops.commands.restore")  # verbs that may find no data folder
# The data folder of a host of several (ops/clusters/places.py), which was installed by ./ops/host.
OF_A_HOST = Path("/var/lib/darkroom/data")
# What is looked at before the verb reads its own options; `--port=80` is split into the two words that it means.
LOOKED_AT = ("--port", "--url", *HANDED_OVER, *STORES)


def launch(module: str, caller: bool, dev: bool, handed: tuple[str, ...] = ()) -> None:
    """Runs `module` with this process' arguments, see bootstrap.enter; `--data` is made absolute and always given."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        sys.argv[0] = sys.argv[0].rsplit("/", 1)[-1]
        runpy.run_module(module, run_name="__main__", alter_sys=False)
        return
    os.umask(0o022)
    arguments, data = split_data(sys.argv[1:])
    serving = os.geteuid() == 0 and not caller
    try:
        service = account.ensure() if os.geteuid() == 0 else None
        where = place.of_service(CHECKOUT, data, service) if service else place.of_user(CHECKOUT, data)
        if not (caller or dev or module == DOWN):
            _read_settings(external.files(CHECKOUT, where.data, data))
        if service is None:
            account.refuse_foreign(where.data, os.geteuid())
        if module in MAKE_DATA and DataFolder(where.data).holder() is None:
            _check(where.data, arguments, listens=module == UP)
        if module == UP and not libreoffice.find():
            packages.try_to_install(list(packages.OFFICE), libreoffice.WITHOUT)
        python = environment.ensure(CHECKOUT, where.venv, where.installer, dev)
        if dev:
            _run(python, module, sys.argv[1:], CHECKOUT, where)
        # What is running here goes on with the code that it was started with, and so do the verbs that ask it.
        idle = DataFolder(where.data).holder() is None
        if where.code != CHECKOUT and (idle or not where.code.exists()):
            place.refresh_copy(CHECKOUT, where.code)
        if serving and service:
            if module == UP and idle:
                _compile(python, where.code)
            arguments = _hand_over(arguments, (*HANDED_OVER, *handed))
            arguments = _step_down(where, service, arguments, makes=module in MAKE_DATA, listens=module == UP)
    except PermissionError as error:
        stop(f"{error.filename}: permission denied", "Start as the user who owns the checkout and its data folder.")
    if not caller:
        # What the parts write is theirs alone, whatever they think of modes themselves.
        os.umask(0o077)
    _run(python, module, [*arguments, "--data", str(where.data)], where.code, where)


def _read_settings(files: list[Path]) -> None:
    """Which database and S3 are used; from files too, which may be root's alone."""
    try:
        external.take(os.environ, files)
    except (external.Unusable, dotenv.Unreadable) as error:
        stop(str(error), f"Put that right, in the environment or in {' or '.join(map(str, files))}.")


def split_data(arguments: list[str]) -> tuple[list[str], Path]:
    """The arguments without `--data DIR`, and the data folder: that, else DARKROOM_DATA, else that of an installed
    host, else var/ in the checkout.

    Options that this module looks at come out as two words, however they were written.
    """
    rest: list[str] = []
    data = os.environ.get("DARKROOM_DATA") or str(OF_A_HOST if OF_A_HOST.is_dir() else CHECKOUT / "var")
    items = iter(arguments)
    for item in items:
        if item == "--data":
            data = next(items, "")
        elif item.startswith("--data="):
            data = item.removeprefix("--data=")
        elif item.partition("=")[0] in LOOKED_AT:
            rest += item.split("=", 1)
        else:
            rest.append(item)
    if not data:
        stop("--data needs a folder", "Example: --data /srv/darkroom")
    path = Path(data).expanduser().resolve()
    if path.exists() and not path.is_dir():
        stop(f"{path} is not a folder", "Choose another one with --data.")
    return _absolute(rest), path


def _absolute(arguments: list[str]) -> list[str]:
    """The arguments with the folders of stores as seen from everywhere."""
    result = list(arguments)
    for before, (at, word) in itertools.pairwise(enumerate(arguments)):
        if before[1] in STORES and word and "://" not in word:
            result[at] = str(Path(word).expanduser().absolute())
    return result


def _stores(arguments: list[str]) -> list[Path]:
    """The folders that backups are to be written to."""
    if "--list" in arguments:
        return []
    given = [word for option, word in itertools.pairwise(arguments) if option == "--to"]
    return [Path(word) for word in (*given, os.environ.get(STORE, "")) if word.startswith("/")]


def _check(data: Path, arguments: list[str], listens: bool) -> None:
    """Ends the process with all that is wrong with this machine, before anything is set up."""
    problems = preflight.machine(data)
    if listens and "--url" not in arguments and (problem := preflight.port("127.0.0.1", _port(data, arguments))):
        problems.append(problem)
    if problems:
        stop("; ".join(problem.what for problem in problems), "\n  → ".join(problem.remedy for problem in problems))


def _port(data: Path, arguments: list[str]) -> int:
    """The edge's port as far as it is known here; 0, which is always free, for what `up` itself will refuse."""
    given = dict(itertools.pairwise(arguments)).get("--port", "")
    known = DataFolder(data).read("site.json").get("port", 8080)
    return int(given) if given.isdecimal() and int(given) < 65536 else 0 if given else int(known)


def _step_down(
    where: place.Place, service: pwd.struct_passwd, arguments: list[str], makes: bool, listens: bool
) -> list[str]:
    """Gives the account its folders, turns this process into it, and returns the arguments as it can use them."""
    for folder in _stores(arguments):
        try:
            if not folder.exists():
                account.give(service, folder)
        except OSError as error:
            stop(f"{folder} can't be made: {error.strerror}", "Name a folder, or the parent of a new one, on a disk.")
    if makes:
        account.give(service, where.data)
        _close_mount_points(where.data)
    else:
        account.refuse_foreign(where.data, service.pw_uid)
    if not where.cache.exists():
        account.give(service, where.cache, 0o755)
    os.environ |= {"HOME": str(where.cache), "USER": service.pw_name, "LOGNAME": service.pw_name}
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    os.chdir(where.data if where.data.exists() else "/")
    account.become(service, low_ports=listens)
    return arguments


def _close_mount_points(data: Path) -> None:
    """Nobody but root shall write into what lies under a drive, whoever has mounted it, when it is missing one day."""
    for folder in DataFolder(data).drives:
        if os.path.ismount(folder):
            try:
                guard.close(folder)
            except (ToolFailed, OSError) as failure:
                say(f"the folder under the drive at {folder} stays as it is: {failure}")


def _hand_over(arguments: list[str], options: tuple[str, ...]) -> list[str]:
    """Replaces the paths after these options by copies in memory that stay open across the change of user."""
    result = list(arguments)
    for option in options:
        at = result.index(option) + 1 if option in result[:-1] else 0
        if not at or not result[at]:
            continue
        try:
            content = Path(result[at]).read_bytes()
        except OSError as error:
            stop(f"{option} {result[at]}: {error.strerror}", "Name a file that can be read.")
        handle = os.memfd_create(option.strip("-"), 0)
        os.write(handle, content)
        os.set_inheritable(handle, True)
        result[at] = f"/proc/self/fd/{handle}"
    return result


def _compile(python: Path, code: Path) -> None:
    """The account of the parts can't write there, so each of their processes would compile all of it anew at its start.

    Fresh files are only looked at. What can't be written, as on a read-only disk, is no reason not to start.
    """
    if not sys.dont_write_bytecode:
        packages_of_ours = [str(code / name) for name in place.PACKAGES]
        subprocess.run([python, "-I", "-m", "compileall", "-qq", *packages_of_ours], check=False)


def _run(python: Path, module: str, arguments: list[str], code: Path, where: place.Place) -> NoReturn:
    os.environ |= {"PYTHONPATH": str(code), "DARKROOM_CACHE": str(where.cache)}
    # -P: the folder somebody happens to stand in is not a place to import from.
    os.execv(python, [str(python), "-P", "-m", module, *arguments])
