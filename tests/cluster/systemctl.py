"""What stands in for systemd on hosts that have none running: `systemctl restart UNIT` as a command there.

A request is a file in a folder of the host, which the tests' own manager of units (units.py) answers with a file.
"""

import threading
import time
from pathlib import Path

from tests.cluster.units import Services, Unit

FOLDER = "asked"
"""Of a host's own on the machine of the tests; there it is mounted at /var/lib/asked."""

COMMAND = """\
#!/bin/sh
# restart and show, for units of Darkroom; everything else is for the real one.
case "$1" in restart|show) ;; *) exec /usr/bin/systemctl "$@" ;; esac
asked=/var/lib/asked/$$
echo "$@" > $asked.new
mv $asked.new $asked
while [ ! -e $asked.done ]; do sleep 0.1; done
cat $asked.done
"""

REACH = """\
#!/bin/sh
# The way to another host: reach HOST COMMAND …
host=$1
shift
exec nsenter --target "$(cat /var/lib/holders/$host)" --net --mount -- "$@"
"""


def put(upper: Path) -> None:
    """Both commands for a host whose changes lie in `upper`."""
    folder = upper / "usr/local/bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("systemctl", COMMAND), ("reach", REACH)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


class Answering:
    """Does what is asked for on one host, until closed."""

    def __init__(self, services: Services) -> None:
        self._services, self._folder = services, services.machine.folder / FOLDER
        self._closed = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(0.1):
            for request in sorted(self._folder.glob("*[0-9]")):
                verb, *words = request.read_text().split()
                request.unlink()
                units = [word for word in words if not word.startswith("--")]
                threading.Thread(target=self._answer, args=(verb, units, request), daemon=True).start()

    def _answer(self, verb: str, units: list[str], request: Path) -> None:
        parts = [self._services[unit.removeprefix("darkroom-").removesuffix(".service")] for unit in units]
        if verb == "restart":
            for part in parts:
                part.stop()
                part.start()
            time.sleep(0.5)
        answer = request.with_name(f"{request.name}.answer")
        answer.write_text("" if verb == "restart" else "\n".join(map(shown, parts)))
        answer.rename(request.with_name(f"{request.name}.done"))


def shown(part: Unit) -> str:
    """What `systemctl show --property=MainPID,ActiveState` says of a unit."""
    # One that does its work once is active after that, too.
    state = "active" if part.running or "RemainAfterExit" in part.lines else "failed"
    return f"MainPID={part.pid if part.running else 0}\nActiveState={state}\n"
