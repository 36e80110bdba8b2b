"""The address that a profile may name. It is only shown: nothing here, or anywhere in the appliance, fetches it."""

import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

import idna

from appliance.profiles import writing

MOST = 2000  # characters, as it is stored
MOST_HOST = 253  # of the host as DNS has it

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?![0-9])")
_UNSAFE = re.compile(r"[\s<>\"\\^`{|}]")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_PORTS = {"http": 80, "https": 443}
# Names of the network one is in: for nobody else they lead anywhere, or elsewhere.
_OWN = frozenset({"local", "localhost", "internal", "intranet", "lan", "home", "corp", "invalid", "test", "arpa"})


class Unfit(ValueError):
    """Says what is wrong with an address."""


def normal(text: str) -> str | None:
    """The address as it is stored and shown, None for an empty one; https where it names no scheme. Raises Unfit."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        return None
    if len(text) > MOST:
        raise Unfit(f"{MOST} characters at most")
    if writing.unseen(text) or _UNSAFE.search(text):
        raise Unfit("an address without spaces, and without characters that can't be seen or don't belong in one")
    scheme = _SCHEME.match(text)
    if scheme is None:
        text = "https://" + text.removeprefix("//")
    elif scheme[1].lower() not in _PORTS or not text[scheme.end() :].startswith("//"):
        raise Unfit("an address that begins with http:// or https://")
    made = _made(_split(text))
    if len(made) > MOST:
        raise Unfit(f"{MOST} characters at most")
    return made


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        raise Unfit("an address such as https://example.com") from None
    if "@" in parts.netloc:
        raise Unfit("an address without a name or password in it")
    return parts


def _made(parts: SplitResult) -> str:
    scheme = parts.scheme.lower()
    port = "" if parts.port in (None, _PORTS[scheme]) else f":{parts.port}"
    return SplitResult(scheme, shown(ascii_host(parts.hostname or "")) + port, *parts[2:]).geturl()


def ascii_host(host: str) -> str:
    """A host as DNS has it. Raises Unfit for what is no public name."""
    if not host or len(host) > MOST_HOST:
        raise Unfit("a host's name, as example.com")
    if host.startswith("[") or ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise Unfit("a host's name, not its number")
    if any(writing.mixed(label) for label in host.split(".")):
        raise Unfit("a host's name without letters of two alphabets that look alike in one word")
    try:
        encoded = idna.encode(host.rstrip("."), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise Unfit("a host's name that can exist") from None
    if "." not in encoded or encoded.rpartition(".")[2] in _OWN:
        raise Unfit("a host that everybody can reach")
    if _NUMBER.fullmatch(encoded.rpartition(".")[2]):  # that was written in other digits
        raise Unfit("a host's name, not its number")
    return encoded


def shown(host: str) -> str:
    """A host of ascii_host in its own letters, but for labels that would be taken for other ones."""
    return ".".join(map(_label, host.split(".")))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        text = idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
    seems_another = writing.mixed(text) or all(one in writing.SEEM_LATIN or one.isascii() for one in text)
    # What DNS reads otherwise than it is shown would be another address the next time.
    return label if seems_another or unicodedata.normalize("NFC", text) != text else text
