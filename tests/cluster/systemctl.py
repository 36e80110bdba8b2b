"""What stands in for systemd on hosts that have none running: `systemctl restart UNIT` as a command there.

A request is a file in a folder of the host, which the tests' own manager of units (units.py) answers with a file.
"""

import threading
import time
from pathlib import Path

from tests.cluster.units import Services

FOLDER = "asked"
"""Of a host's own on the machine of the tests; there it is mounted at /var/lib/asked."""

COMMAND = """\
#!/bin/sh
# restart and is-active, for units of Darkroom; everything else is for the real one.
case "$1" in restart|is-active) ;; *) exec /usr/bin/systemctl "$@" ;; esac
asked=/var/lib/asked/$$
echo "$1 $2" > $asked.new
mv $asked.new $asked
while [ ! -e $asked.done ]; do sleep 0.1; done
cat $asked.done
test "$(cat $asked.done)" = active
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
                verb, unit = request.read_text().split()
                request.unlink()
                threading.Thread(target=self._answer, args=(verb, unit, request), daemon=True).start()

    def _answer(self, verb: str, unit: str, request: Path) -> None:
        part = self._services[unit.removeprefix("darkroom-").removesuffix(".service")]
        if verb == "restart":
            part.stop()
            part.start()
            time.sleep(0.5)
        # One that does its work once is active after that, too.
        state = "active" if part.running or "RemainAfterExit" in part.lines else "failed"
        request.with_name(f"{request.name}.done").write_text(state)
