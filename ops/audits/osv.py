"""What OSV knows: a database of vulnerabilities of PyPI, Go, Debian and others, asked by name and version.

Source: https://google.github.io/osv.dev/api/ (POST /v1/querybatch, GET /v1/vulns/ID). Only names and versions are sent.
"""

import json
from collections.abc import Iterable, Sequence
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from ops.audits.components import Component

URL = "https://api.osv.dev"
SECONDS = 20.0
AT_ONCE = 500
"""Components in one question; OSV takes 1,000."""
DETAILS = 200
"""Advisories of which more than the id is asked for, at most."""


class NotAsked(Exception):
    """It could not be asked. Says why."""


class Found(NamedTuple):
    """An advisory that concerns a component, under all its `ids`."""

    component: Component
    ids: tuple[str, ...]
    summary: str


def look_up(components: Sequence[Component], url: str = URL) -> list[Found]:
    """What is known of these. Raises NotAsked."""
    found: list[tuple[Component, str]] = []
    for at in range(0, len(components), AT_ONCE):
        asked = components[at : at + AT_ONCE]
        answer = _ask(f"{url}/v1/querybatch", {"queries": [_query(one) for one in asked]})
        results = answer.get("results", [])
        if len(results) != len(asked):
            raise NotAsked(f"{url} answered {len(results)} of {len(asked)} questions")
        for component, result in zip(asked, results, strict=True):
            found += [(component, one["id"]) for one in result.get("vulns", [])]
    details = _details(url, (name for _, name in found))
    return [Found(component, *details.get(name, ((name,), ""))) for component, name in found]


def _query(component: Component) -> dict[str, Any]:
    version = component.version.removeprefix("v") if component.ecosystem == "Go" else component.version
    return {"package": {"ecosystem": component.ecosystem, "name": component.name}, "version": version}


def _details(url: str, names: Iterable[str]) -> dict[str, tuple[tuple[str, ...], str]]:
    told = {}
    for name in sorted(set(names))[:DETAILS]:
        one = _ask(f"{url}/v1/vulns/{quote(name)}")
        text = one.get("summary") or str(one.get("details", "")).partition("\n")[0]
        told[name] = ((name, *one.get("aliases", [])), text[:200])
    return told


def _ask(url: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
    body = None if question is None else json.dumps(question).encode()
    try:
        with urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=SECONDS) as answer:
            told = json.load(answer)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NotAsked(f"{url} gives no answer ({reason})") from error
    if not isinstance(told, dict):
        raise NotAsked(f"{url} gives no answer that is understood")
    return told
