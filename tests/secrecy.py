"""Looks for secrets where none may be: known ones by what they are, all others by their shape."""

import json
import re
from collections.abc import Collection
from pathlib import Path

SHAPES = {
    "a signature": r"x-amz-signature(?:=|%3D|[\"': ]+)[0-9a-f]{64}",
    "a link's credential": r"x-amz-credential(?:=|%3D)\w",
    "a ticket or login": r"\b(?:ticket|login)=[\w-]{20,}",
    "a server key": r"\bdk_[\w-]{30,}",
    "a token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
    "a header": r"\bbearer +[\w.-]{8,}",
    "a webhook's secret": r"\bwhsec_[\w+/=]{16,}",
    "a password in an address": r"\w://[^\s/:@\"]*:[^\s/@\"\[]{8,}@",
}
_SHAPES = {name: re.compile(shape, re.IGNORECASE) for name, shape in SHAPES.items()}


def leaks(text: str, known: Collection[str] = ()) -> list[str]:
    """What of secrets `text` holds: the shapes by name, and the `known` by their number; never the secret itself."""
    found = [
        f"{name} in …{text[max(0, m.start() - 60) : m.start()]}" for name, s in _SHAPES.items() if (m := s.search(text))
    ]
    return found + [f"known secret {number}" for number, secret in enumerate(known) if secret and secret in text]


def of_folder(data: Path) -> list[str]:
    """The secrets that were made for an appliance: passwords, and the secret halves of keys."""
    path = data / "secrets.json"
    return [value.rpartition(":")[2] for value in json.loads(path.read_text()).values()] if path.exists() else []


def in_logs(data: Path, known: Collection[str] = ()) -> list[str]:
    """What the logs of an appliance hold of secrets, each with the log's name."""
    every = [*known, *of_folder(data)]
    logs = sorted((data / "logs").iterdir()) if (data / "logs").exists() else []
    return [f"{log.name}: {leak}" for log in logs for leak in leaks(log.read_text(errors="replace"), every)]
