"""The system packages that the locked dependencies need, and how this machine gets them."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.setup.interpreter import Interpreter
from ops.setup.say import say, stop

INCLUDES = ("/usr/include", "/usr/local/include", "/usr/include/*-linux-gnu")
LIBRARIES = ("/lib", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib/*-linux-gnu", "/usr/lib/*-linux-gnu")


@dataclass(frozen=True)
class Need:
    """One thing to have: the file that shows it is there, and the package that brings it by distribution."""

    file: str
    debian: str
    fedora: str
    folders: tuple[str, ...] = INCLUDES

    def present(self, root: Path = Path("/")) -> bool:
        return any(any(root.glob(f"{folder[1:]}/{self.file}")) for folder in self.folders)


IMAGING = (
    Need("jpeglib.h", "libjpeg-dev", "libjpeg-turbo-devel"),
    Need("zlib.h", "zlib1g-dev", "zlib-devel"),
    Need("tiffio.h", "libtiff-dev", "libtiff-devel"),
    Need("webp/encode.h", "libwebp-dev", "libwebp-devel"),
    Need("openjpeg-*/openjpeg.h", "libopenjp2-7-dev", "openjpeg2-devel"),
    Need("lcms2.h", "liblcms2-dev", "lcms2-devel"),
    Need("freetype2/ft2build.h", "libfreetype-dev", "freetype-devel"),
    # By this the build looks into the folder of the processor's own headers, where tiff.h is on Debian.
    Need("pkg-config", "pkg-config", "pkgconf-pkg-config", ("/usr/bin", "/usr/local/bin")),
    Need("libmagic.so.1", "libmagic1", "file-libs", LIBRARIES),
    Need("libturbojpeg.so.0", "libturbojpeg0-dev", "turbojpeg", LIBRARIES),
)
"""What pillow-simd is compiled against, and the libraries that recognise files and decode JPEG into its own planes."""


OFFICE = (
    Need("libreoffice/program/libswlo.so", "libreoffice-writer-nogui", "libreoffice-writer", LIBRARIES),
    Need("libreoffice/program/libsclo.so", "libreoffice-calc-nogui", "libreoffice-calc", LIBRARIES),
    Need("**/LiberationSans-Regular.ttf", "fonts-liberation", "liberation-sans-fonts", ("/usr/share/fonts",)),
)
"""What documents and spreadsheets are converted by, without Java, and letters of the width of those most documents use.
"""

BROWSER = Need("chromium", "chromium", "chromium", ("/usr/bin",))
"""What the tests of the page are made with; nothing of the appliance needs it."""

BUBBLEWRAP = Need("bwrap", "bubblewrap", "bubblewrap", ("/usr/bin",))
"""One of the two ways to namespaces of the sandbox, which is probed wherever it is there; as root all are tested."""

CLOCK = Need("faketime/libfaketime.so.1", "libfaketime", "libfaketime", LIBRARIES)
"""By this the tests give a process another clock."""

POWER = Need("xfs_io", "xfsprogs", "xfsprogs", ("/usr/sbin", "/sbin"))
"""By this the tests that only root can run make file systems, and cut their power."""


HOSTS = (
    Need("stunnel4", "stunnel4", "stunnel", ("/usr/bin",)),
    Need("ip", "iproute2", "iproute", ("/usr/sbin", "/sbin", "/usr/bin")),
    Need("nft", "nftables", "nftables", ("/usr/sbin", "/sbin")),
    Need("systemd-analyze", "systemd", "systemd", ("/usr/bin",)),
)
"""By these the tests that only root can run make hosts of their own, and check what is rendered for them."""


def missing(python: Interpreter, uv_is_here: bool) -> list[Need]:
    """What is not there yet for building the environment with `python`."""
    needs = [need for need in IMAGING if not need.present()]
    if not (shutil.which("cc") and shutil.which("gcc")):
        needs.append(Need("gcc", "build-essential", "gcc"))
    if not python.headers.exists():
        needs.append(Need("Python.h", f"python{python.version[0]}.{python.version[1]}-dev", "python3-devel"))
    if not uv_is_here and not (python.pip or python.venv):
        needs.append(Need("ensurepip", f"python{python.version[0]}.{python.version[1]}-venv", "python3-pip"))
    return needs


def like(release: str) -> str:
    """The family of an /etc/os-release text: "debian", "fedora" or ""."""
    pairs = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    words = (pairs.get("ID", "") + " " + pairs.get("ID_LIKE", "")).replace('"', "").split()
    if {"debian", "ubuntu"} & set(words):
        return "debian"
    return "fedora" if {"fedora", "rhel", "centos"} & set(words) else ""


def family() -> str:
    try:
        return like(Path("/etc/os-release").read_text())
    except OSError:
        return ""


def command(needs: Iterable[Need], family: str) -> str:
    """The line to type that installs `needs`, or a list of what to look for where the system is unknown."""
    needs = list(needs)
    if family == "debian":
        return "apt-get update && apt-get install -y --no-install-recommends " + " ".join(n.debian for n in needs)
    if family == "fedora":
        return "dnf install -y " + " ".join(n.fedora for n in needs)
    return "install whatever brings these files: " + ", ".join(n.file for n in needs)


def install(needs: list[Need], why: str = "needed to build the imaging library") -> None:
    """As root on Debian or Ubuntu installs `needs`; anywhere else ends with the command to type."""
    system = family()
    if os.geteuid() != 0 or system != "debian":
        prefix = "sudo sh -c '{}'" if system else "{}"
        what = ", ".join(need.file for need in needs)
        stop(f"{why}, and not here: {what}", prefix.format(command(needs, system)))
    if failed := _installed(needs):
        stop(failed, "Put that right, then type the same command again.")


def try_to_install(needs: list[Need], without: str) -> None:
    """The same for what the appliance can do without: where it can't be installed, says what there will not be."""
    system = family()
    if os.geteuid() == 0 and system == "debian":
        why = _installed(needs).partition("\n")[0]
    else:
        why = f"as root: {command(needs, system)}"
    if why:
        say(f"{without} ({why})")


def _installed(needs: list[Need]) -> str:
    """Why they could not be; empty once they are."""
    say("Installing system packages: " + " ".join(need.debian for need in needs))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for line in command(needs, "debian").split(" && "):
        done = subprocess.run(line.split(), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            return f"{line.split()[1]} failed:\n{tail}"
    return ""
