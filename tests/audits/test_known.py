"""The list of advisories that comes with a release, and how it is put together with what OSV says."""

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ops.audits import components, known, osv, report, system
from ops.audits.components import Component, Difference

pytestmark = pytest.mark.pure

CHECKOUT = Path(__file__).parents[2]
PILLOW = Component("PyPI", "pillow", "12.1.1", "pillow-simd 12.1.1.post0")
PATH = Component("PyPI", "aiohttp", "3.14.0", "Python packages")
POLICY = """\
libwebp7:
  Installed: 1.2.4-0.2
  Candidate: 1.2.4-0.2+deb12u1
  Version table:
     1.2.4-0.2+deb12u1 500
 *** 1.2.4-0.2 100
libtiff6:
  Installed: 4.5.0-6
  Candidate: 4.5.0-6
chromium:
  Installed: (none)
  Candidate: 140.0
"""
BUILT = (
    "/srv/minio: go1.27.3\n\tpath\tgithub.com/minio/minio\n\tmod\tdarkroom.local\t(devel)\t\n"
    "\tdep\tgithub.com/minio/minio\tv0.0.0-20260212201848-7aac2a2c5b7c\th1:a=\n"
    "\tdep\tgolang.org/x/net\tv0.1.0\th1:b=\n\t=>\tgolang.org/x/net\tv0.62.0\th1:c=\n\tbuild\t-trimpath=true\n"
)


KNOWN = {
    ("pillow", "12.1.1"): ["GHSA-9hw9-ch79-4vh6", "PYSEC-2026-3453"],
    ("aiohttp", "3.14.0"): ["GHSA-none-none-none"],
}


class Osv(BaseHTTPRequestHandler):
    """Answers as OSV does: one list a question, in their order, and each advisory by its name."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = [KNOWN.get((one["package"]["name"], one["version"]), []) for one in asked]
        self._tell({"results": [{"vulns": [{"id": name} for name in names]} if names else {} for names in found]})

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self._tell({"id": name, "aliases": ["CVE-2026-69244"] if "none" in name else [], "summary": f"about {name}"})

    def _tell(self, content: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    own = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=own.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{own.server_port}"
    own.shutdown()
    own.server_close()


def test_every_advisory_says_what_we_do_and_which_test_shows_it() -> None:
    date.fromisoformat(known.known_on())
    seen: set[str] = set()
    for one in known.advisories():
        assert seen.isdisjoint(one.ids), one.ids
        seen.update(one.ids)
        assert one.state in (known.NOT_REACHED, known.KEPT_OUT, known.OPEN)
        assert one.why
        assert one.proof or one.state == known.OPEN, one.ids
        for proof in one.proof:
            path, _, test = proof.partition("::")
            assert f"def {test}(" in (CHECKOUT / path).read_text(), proof


def test_a_version_is_concerned_from_its_first_to_its_mending() -> None:
    one = known.Advisory(("X",), "PyPI:pillow", "", known.OPEN, "", introduced="10.3.0", fixed="12.2.0")
    for version, concerned in (("10.2.9", False), ("10.3.0", True), ("12.1.1", True), ("12.2.0", False), ("13", False)):
        assert one.concerns(PILLOW._replace(version=version)) is concerned
    assert not one.concerns(PILLOW._replace(ecosystem="Go"))


def test_pillow_of_the_fork_has_its_advisories_and_none_is_open() -> None:
    found = report.rows([PILLOW], [])
    assert {"CVE-2026-42311", "CVE-2026-59204", "CVE-2026-59205"} <= {row.ids[0] for row in found}
    assert not [row for row in found if row.state == known.OPEN]


def test_what_nobody_has_looked_at_is_open_and_what_somebody_has_is_not(server: str) -> None:
    found = report.rows([PILLOW, PATH], osv.look_up([PILLOW, PATH], server))
    assert [(row.component, row.ids) for row in found if row.state == known.OPEN] == [
        ("aiohttp", ("GHSA-none-none-none", "CVE-2026-69244"))
    ]


def test_many_components_are_asked_about_in_turn(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osv, "AT_ONCE", 2)
    others = [Component("Go", f"example.com/{number}", "v1.0.0", "") for number in range(5)]
    assert [one.component for one in osv.look_up([*others, PATH], server)] == [PATH]


def test_who_can_not_be_asked_is_said() -> None:
    with pytest.raises(osv.NotAsked, match="gives no answer"):
        osv.look_up([PATH], "http://127.0.0.1:1")


def test_what_is_in_a_program_is_read_and_compared() -> None:
    built = components.go_modules(BUILT, "storage server")
    assert [(one.name, one.version) for one in built] == [
        ("stdlib", "1.27.3"),
        ("github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c"),
        ("golang.org/x/net", "v0.62.0"),
    ]
    wanted = (
        "require github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c\n\nrequire (\n\tgolang.org/x/net v0.63.0\n)"
    )
    assert components.not_as_required(wanted, built) == [Difference("golang.org/x/net", "v0.63.0", "v0.62.0")]


def test_what_apt_has_newer_is_told() -> None:
    assert system.waiting(POLICY) == [system.Update("libwebp7", "1.2.4-0.2", "1.2.4-0.2+deb12u1")]


def test_another_version_than_the_locked_one_is_a_difference(tmp_path: Path) -> None:
    lock = (CHECKOUT / "uv.lock").read_text()
    assert components.python(CHECKOUT / "uv.lock")[1] == []
    changed = lock.replace('name = "aiohttp"\nversion = "', 'name = "aiohttp"\nversion = "0.', 1)
    (tmp_path / "uv.lock").write_text(changed)
    [one] = components.python(tmp_path / "uv.lock")[1]
    assert one.name == "aiohttp"
    assert one.pinned == f"0.{one.found}"
