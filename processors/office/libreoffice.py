"""LibreOffice on this machine: where it is, what it is made of, and what to do where it is missing."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

PATH = "/usr/bin:/usr/local/bin:/bin:/opt/libreoffice/program"
WRITER, CALC = "libswlo.so", "libsclo.so"
# Besides its own folder and the system's libraries: what is shared, settings of the distribution, fonts, languages.
READ = (
    "/usr/share/libreoffice",
    "/etc/libreoffice",
    "/var/spool/libreoffice",
    "/var/lib/libreoffice",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
    "/usr/share/liblangtag",
    "/usr/share/hyphen",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/dev/null",
    "/dev/urandom",
)
WITHOUT = "LibreOffice is not here, so documents and spreadsheets get no previews"
REMEDY = "install its writer and calc (Debian: libreoffice-writer-nogui libreoffice-calc-nogui), or as root ./ops/up"


@dataclass(frozen=True)
class Office:
    """program: what is executed. keep: the paths that it reads besides. build: what it calls itself in a profile."""

    program: str
    keep: tuple[str, ...]
    build: str


def find() -> Office | None:
    """The one that `soffice` in PATH is of, or in the usual places."""
    for path in (os.environ.get("PATH", ""), PATH):
        found = shutil.which("soffice", path=path)
        if found and (folder := Path(found).resolve().parent / "soffice.bin").exists():
            program = folder.parent
            if (program / WRITER).exists() and (program / CALC).exists():
                return Office(str(folder), (str(program.parent), *READ), _build(program))
    return None


def missing() -> str:
    """Why there are no previews of documents on this machine, and what to do; empty where there are."""
    return "" if find() else f"{WITHOUT}: {REMEDY}"


def _build(program: Path) -> str:
    """Found in a profile, it keeps it from starting a second time to look for extensions."""
    try:
        lines = (program / "versionrc").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition("=")[2] for line in lines if line.startswith("buildid=")), "")
