"""`./ops/up`: starts all parts of the appliance and keeps them running."""

import argparse
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

from ops import addresses
from ops.commands import options
from ops.folder import RESTORING, DataFolder
from ops.setup import preflight
from ops.setup.say import say, stop

EPILOG = """\
--port, --url, --allow-origin, --cert/--key, --s3-port and --s3-url are recorded with the data folder: a later start
without them uses them again, and giving one replaces what was recorded (--url "" and --allow-origin "" go back to none,
--cert "" --key "" to the edge's own authority, --s3-port 0 closes S3 for others).

Without --url the edge listens on 127.0.0.1 alone. With it the edge listens on all addresses of this machine, on --port
or else on the port of the first URL; for https:// it makes a certificate of its own authority unless one is given.
--s3-port opens a second port, where other programs use the same S3 with buckets and keys of their own (./ops/bucket,
./ops/key): on 127.0.0.1 alone, or with --s3-url on all addresses. The server then makes ETags that these programs can
compare, which costs processor time for every photo.

A given certificate is for the https:// addresses of both, and copied; after renewing it: ./ops/down, then ./ops/up with
--cert and --key again.

A database and an S3 that run elsewhere are named by POSTGRES_…, AWS_… and S3_BUCKET, in the environment or in a file
.env in the data folder (README.md, Settings); what such an S3 can't do, and what that costs, is said at the start.

Exit codes: 0 all is well, or was running already; 1 the start failed; 2 wrong usage;
130 it was interrupted before all was well.
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = options.parser("up", "Sets up what is missing, then starts and supervises all parts.", EPILOG)
    parser.add_argument("--detach", action="store_true", help="return when all parts are well, and leave them running")
    parser.add_argument("--port", type=_port, help="where the edge listens (default: 8080); other ports are free ones")
    parser.add_argument(
        "--url", action="append", metavar="URL", help="a public address, as https://photos.lan; repeatable"
    )
    parser.add_argument("--cert", metavar="FILE", help="certificate chain for the https:// addresses, PEM")
    parser.add_argument("--key", metavar="FILE", help="its private key, PEM")
    parser.add_argument(
        "--allow-origin", action="append", metavar="URL", help="a web origin that may upload and listen; repeatable"
    )
    parser.add_argument(
        "--s3-port",
        type=_port_or_none,
        metavar="N",
        help="where other programs reach S3; 0: nowhere, the default",
    )
    parser.add_argument(
        "--s3-url", action="append", metavar="URL", help="its address, as https://s3.lan:9443; repeatable"
    )
    parser.add_argument("--supervise", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--until-closed", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if (given.cert is None, given.cert == "") != (given.key is None, given.key == ""):
        parser.error("--cert and --key belong together")
    return given


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return number


def _port_or_none(text: str) -> int:
    return 0 if text == "0" else _port(text)


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    if given.supervise:
        return _supervise(folder, quiet=True)
    folder.make()
    if folder.holder() is not None:
        return _already(folder)
    if begun := folder.read(RESTORING):
        where = begun.get("from", "…")
        stop("a restore into this folder was begun and has not ended", f"Go on with it: ./ops/restore --from {where}")
    site = _site(folder, given)
    if problem := preflight.port(site.bind, site.port) or _s3_problem(site):
        stop(problem.what, problem.remedy)
    if given.cert:
        _take_certificate(folder, Path(given.cert), Path(given.key))
    addresses.record(folder, site)
    if given.until_closed:
        _end_with_input()
    return _detach(folder) if given.detach else _supervise(folder, quiet=given.until_closed)


def _s3_problem(site: addresses.Site) -> preflight.Problem | None:
    return preflight.port(site.s3_bind, site.s3_port, "--s3-port") if site.s3_port else None


def _end_with_input() -> None:
    """Has this process end when its standard input is closed: however whoever started it ends, that comes about.

    A signal at the parent's death would not do: the kernel forgets it when root becomes the service account.
    """

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _already(folder: DataFolder) -> int:
    site = addresses.load(folder)
    phase = folder.read("state.json").get("phase", "starting")
    how = "is running" if phase == "ready" else f"is {phase}"
    say(f"Darkroom {how} already at {site.public_urls[0]} (data folder {folder.path}); nothing was changed.")
    say("./ops/open prints a login address, ./ops/status shows its parts; other options apply after ./ops/down.")
    return 0


def _site(folder: DataFolder, given: argparse.Namespace) -> addresses.Site:
    certificate = None if given.cert is None else bool(given.cert)
    try:
        site = addresses.changed(
            addresses.load(folder),
            given.port,
            given.url,
            given.allow_origin,
            certificate,
            given.s3_port,
            given.s3_url,
        )
    except addresses.BadAddress as error:
        stop(str(error))
    if given.cert and not site.certified:
        stop("a certificate is for https:// addresses, and there are none", "Name them: --url https://photos.lan")
    return site


def _take_certificate(folder: DataFolder, certificate: Path, key: Path) -> None:
    """Copies the pair, once it is known to be one: a wrong file shall not take the place of a right one."""
    try:
        # A key under a passphrase can't be used at every start: an empty answer instead of a question.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        pair = {"certificate.pem": certificate.read_bytes(), "key.pem": key.read_bytes()}
    except OSError as error:  # an SSLError is one
        reason = getattr(error, "reason", None) or error.strerror or str(error)
        stop(
            f"--cert and --key can't be used: {reason}",
            "Name PEM files: a certificate with its chain, and its own key.",
        )
    target = folder.edge / "tls"
    target.mkdir(mode=0o700, exist_ok=True)
    for name, content in pair.items():
        with os.fdopen(os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)


def _supervise(folder: DataFolder, quiet: bool) -> int:
    from ops import running

    if not folder.take():
        return _already(folder)
    outcome = running.execute(
        folder, dict(os.environ), echo=not quiet, ready=lambda: None if quiet else _welcome(folder)
    )
    if outcome.failure == running.INTERRUPTED:
        say(outcome.failure)
        return 130
    return 1 if outcome.failure else 0


def _welcome(folder: DataFolder) -> "subprocess.Popen[bytes]":
    """The last lines of a start: what listens where, and the way in, which the process returned prints."""
    # In a process of its own: this one is busy with a loop.
    site = addresses.load(folder)
    if site.urls:
        say(f"The edge listens on all addresses of this machine, port {site.port}, as {' and '.join(site.urls)}.")
    else:
        say(f"The edge listens on 127.0.0.1:{site.port}: this machine alone. --url opens it to others.")
    if site.s3_port:
        say(f"Other programs reach S3 at {' and '.join(site.s3_public_urls)}: see ./ops/bucket and ./ops/key.")
    say("The test page, with a login that works once, within 15 minutes (./ops/open prints another):")
    return subprocess.Popen([sys.executable, "-P", "-m", "ops.commands.open", "--data", str(folder.path)])


def _detach(folder: DataFolder) -> int:
    """Starts the supervisor in a session of its own, holding nothing of ours open, and waits for its word."""
    argv = [sys.executable, "-P", "-m", "ops.commands.up", "--data", str(folder.path), "--supervise"]
    supervisor = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder.path,
        start_new_session=True,
    )
    try:
        return _await(folder, supervisor)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        say("interrupted; nothing is left running")
        return 130


def _await(folder: DataFolder, supervisor: "subprocess.Popen[bytes]") -> int:
    log = folder.logs / "supervisor.log"
    told = log.stat().st_size if log.exists() else 0
    while True:
        ended = supervisor.poll() is not None
        state = folder.read("state.json")
        if log.exists():
            with log.open("rb") as file:
                file.seek(told)
                new = file.read()
            told += len(new)
            for line in new.decode("utf-8", "replace").splitlines():
                say(line)
        if state.get("phase") == "ready" and state.get("pid") == supervisor.pid:
            return _welcome(folder).wait()
        if ended:
            if supervisor.returncode == 0 and folder.holder() is not None:
                return _already(folder)  # another start was a moment earlier
            stop(
                "the start failed (its reason is above)",
                f"./ops/up again after putting that right; logs are in {folder.logs}",
            )
        time.sleep(0.05)


if __name__ == "__main__":
    options.run(main)
